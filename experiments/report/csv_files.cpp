#include "experiments/report/csv_files.h"

#include "base/csv.h"
#include "experiments/report/html.h"

namespace palimpsest::experiments::report {

namespace {

std::string cell(double value) {
  return fmt::format("{:.6g}", value);
}
std::string cell(const std::optional<double>& value) {
  return value ? cell(*value) : "";
}
std::string cell(const std::string& text) {
  return csv_field(text);
}
std::string cell(std::int64_t value) {
  return std::to_string(value);
}
std::string cell(int value) {
  return std::to_string(value);
}
std::string cell(bool value) {
  return value ? "1" : "0";
}

class CsvText {
 public:
  explicit CsvText(const char* header) : text_(header) { text_ += '\n'; }
  template <class... Cells>
  void row(const Cells&... cells) {
    std::string line;
    ((line += "," + cell(cells)), ...);
    text_ += line.substr(1) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string losses(const StudyResults& r) {
  CsvText csv(
      "model,class,hypothesis,images,auc_before,auc_after,auc_lost,low,high,p,p_holm,runs,variance_images,variance_run,"
      "p_images_only,recall_before,recall_after");
  for (const LossRow& row : r.losses->rows) {
    const analysis::RankingLoss& a = row.auc;
    csv.row(short_name(row.k), row.emotion, row.hypothesis, row.images, a.before, a.after, a.loss.value, a.loss.low,
            a.loss.high, a.loss.test.p, row.holm, a.runs, a.image_variance, a.run_variance, a.images.test.p,
            row.recall_before, row.recall_after);
  }
  return csv.text();
}

std::string mcnemar(const StudyResults& r) {
  CsvText csv("model,class,hypothesis,images,lost,gained,p_exact,p_chi2,p_chi2_corrected,p_holm");
  for (const McNemarRow& row : r.mcnemar)
    csv.row(short_name(row.k), row.emotion, row.hypothesis, row.images, row.test.b, row.test.c, row.test.exact_p,
            row.test.chi2.p, row.test.chi2_corrected.p, row.holm);
  return csv.text();
}

std::string concepts(const StudyResults& r) {
  CsvText csv(
      "model,concept,faces,hypothesis,images,positives,auc_before,auc_after,auc_lost,low,high,p,p_holm,runs,f1_before,"
      "f1_after,f1_difference,f1_paired_t,f1_paired_p,f1_corrected_t,f1_corrected_p");
  for (const ConceptRow& row : r.concepts) {
    const analysis::Estimate& loss = row.auc.loss;
    csv.row(short_name(row.k), concept_name(r.record, row.unit), word_of(row.faces), row.hypothesis, row.images,
            row.positives, row.auc.before, row.auc.after, loss.value, loss.low, loss.high, loss.test.p, row.holm,
            row.auc.runs, row.f1_before, row.f1_after, row.difference, row.paired.t, row.paired.p, row.corrected.t,
            row.corrected.p);
  }
  return csv.text();
}

std::string ranking(const StudyResults& r) {
  CsvText csv("model,concept,group,auc_lost,low,high,bits_about_target");
  for (const RankingRow& row : r.ranking)
    for (const RankingRow::Unit& unit : row.units) {
      std::optional<double> bits;
      for (const StudyRecord::Unit& known : r.record.units)
        if (known.number == unit.number) bits = known.pain_bits;
      csv.row(short_name(row.k), concept_name(r.record, unit.number),
              r.record.pain_units.empty() ? std::string() : unit.group, unit.auc_lost, unit.low, unit.high, bits);
    }
  return csv.text();
}

}  // namespace

void write_csv_files(const StudyResults& r) {
  const fs::path folder = r.folder / "tables";
  create_folder(folder);
  if (r.losses) write_file(folder / "losses.csv", losses(r));
  if (!r.mcnemar.empty()) write_file(folder / "mcnemar.csv", mcnemar(r));
  if (!r.concepts.empty()) write_file(folder / "concepts.csv", concepts(r));
  if (!r.ranking.empty()) write_file(folder / "ranking.csv", ranking(r));
}

std::string data_link(const StudyResults& r, const std::string& file) {
  const fs::path path = (fs::path("tables") / file).lexically_normal();
  if (!fs::exists(r.folder / path)) return "";
  return fmt::format("<p class=\"data\">As a table: <a href=\"{}\">{}</a></p>\n", path.generic_string(),
                     path.filename().string());
}

}  // namespace palimpsest::experiments::report
