// Commands that use a trained model: predict, evaluate, explain, weights.
#include "experiments/command_line/option_adder.h"

namespace palimpsest::command_line {

void add_data(const OptionAdder& add, DataChoice& data) {
  visit_data_options(data, add);
  add("part", data.part, {"Data", "which part of the set", {"train", "validation", "test", "all"}});
}

const char* const what_is_read =
    "Data: folder:DIR has a folder of pictures for each class, or pictures without labels straight in it.\n"
    "arrays:X.npy[,Y.npy] holds floats (N, 3, H, W), taken as they are, and whole numbers (N), the weights' own "
    "classes.\n"
    "The others are the data sets as they are handed out. Pictures are JPEG, PNG, BMP or TIFF. What is not read is\n"
    "counted with its reasons; --skipped FILE lists it. Classes are matched by name with those of the weights.\n";

namespace {
void add_model(const OptionAdder& add, fs::path& weights) {
  add("weights", weights,
      {"Model", "a VGG16 of any width: safetensors with torchvision's or timm's names, or Keras' .h5"})
      ->required();
}
}  // namespace

void add_predict(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("predict", "Logits, and with --features the last block's output");
  const OptionAdder add(app);
  PredictCommand& predict = options.predict;
  add_model(add, predict.weights);
  add_data(add, predict.data);
  app.get_option("--data")->required();
  add("logits", predict.logits, {"Output", "float32 (N, classes), before softmax (.npy)"});
  add("features", predict.features, {"Output", "float32 (N, channels, side, side) after the fifth pooling (.npy)"});
  add("ids", predict.ids, {"Output", "CSV with the id and label of each row"});
  add("batch", predict.batch, {"Machine", "images at a time", {}, 1, 65536});
  add_runs_on(add, predict.on);
  app.footer(std::string(what_is_read) +
             "Example:\n"
             "  palimpsest predict --weights W.safetensors --data arrays:x.npy --logits z.npy --features f.npy");
}

void add_evaluate(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("evaluate", "Precision, recall, F1, accuracy");
  const OptionAdder add(app);
  EvaluateCommand& evaluate = options.evaluate;
  add_model(add, evaluate.weights);
  add_data(add, evaluate.data);
  app.get_option("--data")->required();
  add("predictions", evaluate.predictions,
      {"Output", "CSV with a row for each image: id,label,predicted,p0,p1,...,label_name,predicted_name"});
  add("out", evaluate.out, {"Output", "JSON with the metrics; without it they are printed"});
  add("batch", evaluate.batch, {"Machine", "images at a time", {}, 1, 65536});
  add_runs_on(add, evaluate.on);
  app.footer(std::string(what_is_read) +
             "Example:\n"
             "  palimpsest evaluate --weights pain-2/weights.safetensors --data unbc:UNBC \\\n"
             "      --test-participants 042,095,107,120 --predictions pain-2.csv --out pain-2.json");
}

void add_explain(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("explain", "Relevance maps, differences of two models, heatmaps, ledger");
  const OptionAdder add(app);
  ExplainCommand& explain = options.explain;
  add_model(add, explain.weights);
  add("minus", explain.minus, {"Model", "a second model: maps become the first model's minus this one's"});
  add_data(add, explain.data);
  app.get_option("--data")->required();
  add("ids", explain.ids, {"Data", "only these images, by the ids that predictions have"});
  add("target", explain.target,
      {"Relevance", "true, predicted, all, one class for all (3 or happy) or one for each image (3,6,...)"});
  add("rules", explain.rules,
      {"Relevance", "study (LRP-0 for FC, z+ for convolutions), epsilon-plus, z, epsilon, z-plus, ..."});
  add("dialect", explain.dialect, {"Relevance", "whose conventions on bias, stabiliser, negative input and pooling"});
  add("sum-channels", explain.sum_channels, {"Relevance", "maps of (N, H, W) instead of (N, 3, H, W)"});
  add("normalise", explain.normalise,
      {"Relevance", "how --pictures are scaled to [0, 1]", {"min-max", "max-abs", "share"}});
  add("maps", explain.maps, {"Output", "float32 maps as they are, starting at the logit (.npy)"});
  add("ledger", explain.ledger, {"Output", "per layer: relevance in, out, and where the rest went (JSON)"});
  add("pictures", explain.pictures, {"Output", "folder of heatmaps and overlays (PNG)"});
  add("masks", explain.masks, {"Output", "truth folder of drawn faces: relevance per action unit, beside --maps"});
  add("batch", explain.batch, {"Machine", "images at a time", {}, 1, 65536});
  add_runs_on(add, explain.on);
  app.footer(
      std::string(what_is_read) +
      "Example:\n"
      "  palimpsest explain --weights W.safetensors --data arrays:x.npy --target 3,6 --rules study --dialect zennit "
      "\\\n"
      "      --maps R.npy --ledger L.json");
}

void add_weights(CLI::App& program, Options& options) {
  CLI::App& app =
      *program.add_subcommand("weights", "What a file of weights holds and what each tensor is taken for; converts it");
  const OptionAdder add(app);
  WeightsCommand& weights = options.weights;
  const auto set = [&weights](const std::string& text) { weights.file = text; };
  app.add_option_function<std::string>("FILE", set, "safetensors, or Keras' .h5")->required()->group("Model");
  add("size", weights.size, {"Model", "side of its pictures in pixels, where the file does not say it"});
  add("class-names", weights.class_names,
      {"Model", "names of its classes in their order, where the file has none: a,b,c or @FILE"});
  add("normalisation", weights.normalisation,
      {"Model", "that its pictures want; auto: what the file says", {"auto", "torchvision", "caffe", "vggface"}});
  add("out", weights.out, {"Output", "the same weights as safetensors with torchvision's names, and all of the above"});
  app.footer(
      "Example:\n"
      "  palimpsest weights vgg16.h5 --class-names happy,sad --out vgg16.safetensors");
}

}  // namespace palimpsest::command_line
