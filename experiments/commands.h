#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/drawn/draw_sets.h"

// One struct per command of the program with its options, and one function that runs it. The command line fills them,
// and so does the study. Each function writes files only (see README, "Files") and throws Error.
namespace palimpsest {

namespace fs = std::filesystem;

struct RunsOn {
  std::string device = "auto";       // auto, cpu, cuda, cuda-emulated
  int threads = 0;                   // 0: one for each core
  std::string convolution = "auto";  // an algorithm, or a table of them that `bench --tune` wrote (.json)
  std::string precision = "fp32";    // of a GPU's convolutions and fully connected layers: fp32, tf32, bf16
};

// Where pictures come from and what is done to them before the network sees them.
struct DataChoice {
  std::string name;           // affectnet:DIR, unbc:DIR, ckplus:DIR, affectnet8:DIR, folder:DIR, arrays:X.npy[,Y.npy]
  std::string part = "test";  // train, validation, test, all
  std::optional<int> size;    // default: the network's
  std::string crop = "landmarks";      // landmarks, box, none
  double margin = 0.25;                // of the box's side, on each side
  bool bottom_cut = false;             // cut at the base of the nose (STUDY section 6, AU5)
  std::string normalisation = "auto";  // torchvision, caffe, vggface; auto: what the weights say
  std::vector<std::string> drop_classes;
  double validation_share = 0.05;              // AffectNet: cut from the training list
  std::vector<std::string> test_participants;  // UNBC
  int pain_images = 1000;                      // UNBC: drawn for training and validation together, half of them pain
  int pain_validation = 100;                   // UNBC: of those, for validation
  std::uint64_t split_seed = 1;
  fs::path cache;                        // folder for decoded pictures; empty: none
  fs::path skipped;                      // CSV listing what was left out; empty: only counted
  std::vector<std::string> class_names;  // of the outputs of weights that name none; one "@FILE": a name on each line
};

struct TrainCommand {
  RunsOn on;
  DataChoice data;
  std::string preset;              // emotion, pain, retrain, scratch, or several: "emotion,scratch"; empty: none
  fs::path init;                   // safetensors; empty: He initialisation
  std::string head_init = "keep";  // keep (all that fits), copy-fc (all but the classifier), fresh
  int freeze = 0;                  // the first k blocks
  std::vector<int> freeze_blocks;  // instead: these blocks, 1 to 5
  double width = 1;
  std::string head = "fc";     // fc, dense
  std::vector<int> hidden;     // of an fc head; empty: as in `init`, else 4096, 4096
  int classes = 0;             // 0: as many as the data has, or as `init` tells apart
  std::string loss = "focal";  // focal, cross-entropy
  double gamma = 0;
  std::string class_weights = "none";      // none, rescaled, plain
  std::vector<std::int64_t> class_counts;  // empty: counted in the training part
  double beta = 0.99998;
  double rate = 0.01, momentum = 0, weight_decay = 0;
  int batch = 32, epochs = 20, steps = 0;  // steps > 0: stop after so many
  int patience = 0;                        // early stop after so many epochs without a better validation loss; 0: never
  double clip_norm = 0;                    // gradient norm; 0: no clipping
  int warmup_steps = 0, plain_epochs = 0, slow_epochs = 0;  // rate rises; gamma 0 first; rate / 10 last
  std::string augment = "none";                             // none, flip, keras
  bool shuffle = true;
  std::uint64_t seed = 1;
  std::uint64_t cache_limit = std::uint64_t{2} << 30;  // bytes for block-5 features kept instead of recomputed
  fs::path gradients;                                  // with steps = 1: the gradients of that step
  fs::path out;                                        // RUN folder
  bool resume = true;                                  // go on from a checkpoint in `out`
  bool keep_momentum = true;  // of a finished run, so that it can go on with more epochs; a study's never does
};
void run_train(const TrainCommand& command);
void apply_preset(TrainCommand& command);  // fills in what the preset names

struct PredictCommand {
  RunsOn on;
  DataChoice data;
  fs::path weights, logits, features;
  fs::path ids;  // CSV with the id and label of each row
  int batch = 32;
};
void run_predict(const PredictCommand& command);

struct EvaluateCommand {
  RunsOn on;
  DataChoice data;
  fs::path weights, predictions, out;  // CSV with a row per image; JSON with the metrics
  int batch = 32;
};
void run_evaluate(const EvaluateCommand& command);

struct ExplainCommand {
  RunsOn on;
  DataChoice data;
  fs::path weights, minus;       // `minus`: a second model; R of the first minus R of the second
  std::vector<std::string> ids;  // only these images; empty: all
  std::string target = "true";   // true, predicted, all, or classes: "3" or one for each image "3,6,..."
  std::string rules = "study", dialect = "zennit";
  std::string normalise = "min-max";  // min-max, max-abs, share
  bool sum_channels = false;
  fs::path maps, ledger, pictures;  // R.npy, L.json, folder of PNGs
  fs::path masks;                   // truth folder of drawn faces: relevance per AU mask is written beside `maps`
  int batch = 16;
};
void run_explain(const ExplainCommand& command);

struct ConceptCommand {
  std::vector<fs::path> features;
  fs::path labels, groups, out;
  int repeats = 500;
  double c = 1;
  bool standardise = false;
  std::string folds = "stratified";  // stratified, grouped
  std::uint64_t seed = 1;
  int threads = 0;
};
void run_concept(const ConceptCommand& command);

struct CompareCommand {
  fs::path a, b, out;
  std::string only_class;  // the true class by number or name; empty: all images
};
void run_compare(const CompareCommand& command);

struct StudyCommand {
  fs::path config, out;
  std::vector<std::string> redo;
  RunsOn on;
  bool quiet = false;
};
void run_study(const StudyCommand& command);

struct ReportCommand {
  fs::path study;  // folder of a finished study
};
void run_report(const ReportCommand& command);

struct DrawFacesCommand {
  drawn::DrawSetsOptions sets;
  fs::path contact_sheets;  // folder for pictures of every action unit and emotion; empty: none
};
void run_draw_faces(const DrawFacesCommand& command);

struct BenchCommand {
  RunsOn on;
  int size = 224, batch = 8;
  double width = 1;
  std::vector<int> hidden{4096, 4096};
  int repeats = 5;  // at least; short ones are repeated until they have taken a tenth of a second
  bool layers = true, steps = true;
  fs::path out;   // JSON with every figure
  fs::path tune;  // a table of convolution algorithms for --convolution (.json)
};
void run_bench(const BenchCommand& command);  // on standard output

struct WeightsCommand {
  fs::path file;
  std::optional<int> size;               // of its pictures, where the file does not say it
  std::vector<std::string> class_names;  // as in DataChoice
  std::string normalisation = "auto";    // auto: what the file says, else what its format is used with
  fs::path out;                          // the same weights as safetensors; empty: only shown
};
void run_weights(const WeightsCommand& command);  // on standard output

struct InfoCommand {
  RunsOn on;
};
void run_info(const InfoCommand& command);  // on standard output

}  // namespace palimpsest
