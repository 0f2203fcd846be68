#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/predictions.h"
#include "base/error.h"
#include "base/progress.h"
#include "experiments/command.h"
#include "experiments/evaluate.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

namespace {

analysis::Predictions predict_all(Model& model, const LoadedPart& part, const EvaluateCommand& command) {
  analysis::Predictions predictions;
  predictions.classes = model.network->architecture().classes;
  predictions.names = part.classes;
  const auto classes = std::size_t(predictions.classes);
  nn::InferenceOptions options{command.batch, normalisation_for(command.data, model.notes), false, "Evaluating"};
  nn::infer(*model.network, part.examples, options, [&](const nn::Outputs& outputs) {
    for (int i = 0; i < outputs.count; ++i) {
      const auto row = outputs.logits.subspan(std::size_t(i) * classes, classes);
      predictions.ids.push_back(part.examples->id(outputs.first + i));
      predictions.labels.push_back(part.examples->label(outputs.first + i));
      predictions.predicted.push_back(int(std::max_element(row.begin(), row.end()) - row.begin()));
      for (const double p : nn::softmax(row)) predictions.probabilities.push_back(float(p));
    }
  });
  return predictions;
}

void say_absent(const analysis::Scores& table, const analysis::Predictions& predictions) {
  std::vector<std::string> absent;
  for (std::size_t c = 0; c < table.classes.size(); ++c)
    if (table.classes[c].support == 0) absent.push_back(predictions.name_of(int(c)));
  if (!absent.empty())
    remark(fmt::format("Classes without images: {}. `macro` counts each with recall 0, `macro_present` leaves it out.",
                       list_text(absent)));
}

nlohmann::ordered_json to_json(const analysis::Predictions& predictions) {
  const auto matrix = analysis::confusion_matrix(predictions);
  const analysis::Scores table = analysis::scores(matrix);
  const auto row = [](const analysis::ClassScores& s) {
    return nlohmann::ordered_json{
        {"precision", s.precision}, {"recall", s.recall}, {"f1", s.f1}, {"support", s.support}};
  };
  nlohmann::ordered_json json{{"images", matrix.total()}, {"accuracy", table.accuracy}, {"macro", row(table.macro)}};
  json["macro_present"] = row(table.macro_present);
  say_absent(table, predictions);
  const auto recalls = analysis::recall_per_class(matrix);
  for (int c = 0; c < matrix.classes(); ++c) {
    auto one = row(table.classes[std::size_t(c)]);
    one["recall_interval"] = {recalls[std::size_t(c)].interval.low, recalls[std::size_t(c)].interval.high};
    one["name"] = predictions.name_of(c);
    json["classes"].push_back(one);
    std::vector<std::int64_t> counts;
    for (int p = 0; p < matrix.classes(); ++p) counts.push_back(matrix.at(c, p));
    json["confusion"].push_back(counts);
  }
  return json;
}

}  // namespace

void run_evaluate(const EvaluateCommand& command) {
  require_separate(files_read(command.model.weights, command.data),
                   {{"--predictions", command.predictions}, {"--out", command.out}});
  const OpenedData data(command.data);
  Model model = load_model(command.on, command.model.weights, data);
  const LoadedPart part = load_part(data, model, Labels::labelled_only, command.on.threads);
  const analysis::Predictions predictions = predict_all(model, part, command);
  if (!command.predictions.empty()) analysis::write_predictions(command.predictions, predictions);
  const auto json = to_json(predictions);
  // Classes may be named after folders whose names are not UTF-8.
  const std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (!command.out.empty()) write_file(command.out, text);
  if (command.out.empty() && command.predictions.empty()) fmt::print("{}", text);
}

Command evaluate_command() {
  return make_command("evaluate", "Precision, recall, F1, accuracy",
                      std::string(what_is_read) +
                          "Example:\n"
                          "  palimpsest evaluate --weights pain-2/weights.safetensors --data unbc:UNBC \\\n"
                          "      --test-participants 042,095,107,120 --predictions pain-2.csv --out pain-2.json",
                      run_evaluate);
}

}  // namespace palimpsest::experiments
