// What the terms on the page mean.
#include <fmt/format.h>

#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

struct Word {
  const char* id;  // of term()
  const char* name;
  const char* meaning;
};
constexpr Word words[]{
    {"auc", "AUC",
     "Area under the ROC curve: the chance that an image of the class gets a higher score than an image of another "
     "class. "
     "0.5 is guessing, 1 a perfect order. It does not depend on where the line between yes and no is drawn."},
    {"bootstrap", "Bootstrap",
     "An interval from drawing the same number of subjects, or images, again and again with replacement and looking at "
     "how "
     "much the figure varies."},
    {"interval", "Confidence interval, 95 %",
     "A range from a procedure that contains the true figure in 95 of 100 repetitions of the study."},
    {"cka", "CKA",
     "Centred kernel alignment: do two networks find the same images similar? Debiased: features that share nothing "
     "have about 0, however many they are (Kornblith et al., 2019; Song et al., 2012)."},
    {"crossvalidation", "Cross-validation",
     "The images are divided into folds; each fold is predicted by a classifier that was trained on the others."},
    {"df", "Degrees of freedom",
     "How many independent differences a variance rests on: the fewer, the larger must an effect be to count. Welch’s "
     "and "
     "Satterthwaite’s are those of a sum of variances that are known unequally well."},
    {"delong", "DeLong’s variance",
     "How much an AUC, or the difference of two on the same images, would vary with other images. After DeLong, DeLong "
     "and "
     "Clarke-Pearson (1988)."},
    {"f1", "F1, precision, recall",
     "Recall: of the images of a class, the share predicted as it. Precision: of the images predicted as it, the share "
     "that "
     "are. F1: their harmonic mean."},
    {"focal", "Focal loss",
     "Cross-entropy that weighs an example less the surer the network already is of it. Class-balanced: examples of "
     "rare "
     "classes weigh more."},
    {"holm", "Holm’s correction",
     "Of twenty true nulls one has p below 0.05 by chance. The correction raises the p of a family of tests so that "
     "the "
     "chance of even one false alarm in it stays below 5 %."},
    {"lrp", "Layer-wise relevance propagation",
     "Distributes the output for a class back over the layers to the pixels, each layer’s relevance in proportion to "
     "what "
     "contributed to it, so that the pixels’ relevance adds up to the output."},
    {"l2", "L2 penalty",
     "Keeps the weights of a classifier small by adding their squares to what is minimised; C is the weight of the "
     "errors "
     "against it."},
    {"probe", "Linear probe",
     "A linear classifier on a network’s features. It measures what can be read from them, not what the network does "
     "with "
     "it."},
    {"logodds", "Log-odds",
     "The logarithm of p / (1 − p): how strongly a classifier speaks for a class, without bounds."},
    {"mi", "Mutual information", "How much knowing one thing tells about another, in bits: 0 if nothing."},
    {"nadeau", "Nadeau and Bengio’s correction",
     "Repeated splits of the same images overlap, so that their mean is less certain than their number suggests. The "
     "correction (2003) adds the share of the images tested over those trained on to the variance."},
    {"permutation", "Permutation test",
     "How often would a random assignment of the same labels give a result at least as extreme? Exact: all assignments "
     "are "
     "counted."},
    {"rank", "Rank correlation",
     "Whether two quantities order things alike: 1 the same order, −1 the reverse, 0 unrelated. Spearman’s compares "
     "ranks, "
     "Kendall’s tau-b counts pairs and allows for ties."},
    {"svm", "SVM", "Support vector machine: the linear classifier with the widest margin between two classes."},
    {"wilson", "Wilson’s interval", "A 95 % interval of a share that stays between 0 and 1 (Wilson, 1927)."}};

}  // namespace

std::string section_words(const StudyResults& /*results*/) {
  std::string text = "<dl class=\"words\">\n";
  for (const Word& word : words)
    text += fmt::format("<dt id=\"word-{}\">{}</dt><dd>{}</dd>\n", word.id, word.name, word.meaning);
  return section("words", "What the words mean", text + "</dl>\n");
}

}  // namespace palimpsest::experiments::report
