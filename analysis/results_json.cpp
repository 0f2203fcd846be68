#include "analysis/results_json.h"

#include <cmath>
#include <limits>

namespace palimpsest::analysis {

namespace {

// JSON has no infinity: a t of equal differences is written as null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
double number(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

}  // namespace

void to_json(Json& json, const TTest& t) {
  json = {{"t", number(t.t)}, {"df", number(t.df)}, {"p", t.p}};
}
void from_json(const Json& json, TTest& t) {
  t = {number(json.at("t")), number(json.at("df")), json.at("p")};
}

PALIMPSEST_JSON(McNemar::ChiSquare, statistic, p)
PALIMPSEST_JSON(Estimate, value, low, high, test)
PALIMPSEST_JSON(RankingLoss, before, after, runs, image_variance, run_variance, loss, images)
PALIMPSEST_JSON(ConceptLoss, before, after, runs, image_variance, run_variance, loss)
PALIMPSEST_JSON(Omnibus, f, df1, df2, p)
PALIMPSEST_JSON(McNemar, b, c, both_right, both_wrong, exact_p, chi2, chi2_corrected)

}  // namespace palimpsest::analysis
