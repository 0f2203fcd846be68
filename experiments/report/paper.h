#pragma once
#include <array>

#include "experiments/study/records.h"

// The paper's results (Prajod, Schiller, Huber and Andre, arXiv 2104.07389): its Table 1 and the figures in its
// text. Its Figures 4 to 7 give no numbers. Shown beside ours, always labelled as the paper's.
namespace palimpsest::experiments::report::paper {

struct PainRow {
  int k;
  double precision_no, precision_pain, precision_mean, recall_no, recall_pain, recall_mean, f1_no, f1_pain, f1_mean,
      accuracy;
};
inline constexpr std::array<PainRow, 6> table1{{{5, .92, .87, .90, .99, .54, .76, .95, .66, .81, .92},
                                                {4, .93, .90, .92, .99, .56, .78, .96, .69, .83, .92},
                                                {3, .95, .85, .90, .98, .69, .83, .96, .76, .86, .93},
                                                {2, .95, .75, .85, .96, .71, .84, .95, .73, .84, .92},
                                                {1, .95, .72, .83, .95, .71, .83, .95, .72, .83, .91},
                                                {0, .95, .72, .83, .95, .71, .83, .95, .71, .83, .91}}};

// McNemar's test, FreezeB5 against FreezeB0.
struct McNemarFigure {
  const char* emotion;
  double p;
};
inline constexpr std::array<McNemarFigure, 2> mcnemar{{{"surprise", 1.56e-4}, {"contempt", 8.19e-18}}};

// The concept tests, FreezeB0 against FreezeB5, 500 pairs; AU5 with the bottom of the face cut off (how, it
// does not say).
struct ConceptFigure {
  int unit;
  Faces faces;
  double f1_after, f1_before, t, p;
};
inline constexpr std::array<ConceptFigure, 2> concepts{
    {{14, Faces::full, .7241, .7413, -13.13, 4.88e-34}, {5, Faces::stretch, .8387, .8436, -9.33, 3.49e-19}}};

}  // namespace palimpsest::experiments::report::paper
