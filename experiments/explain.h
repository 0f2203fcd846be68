#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct ExplainCommand {
  ModelSettings model;
  fs::path minus = option(minus, "minus", {}, "a second model, whose maps are subtracted");
  DataSettings data;
  std::vector<std::string> ids = option(ids, "ids", {}, "only these images, by the ids that predictions have");
  std::string target = option(target, "target", "true",
                              "true, predicted, all, one class for all images (3 or happy) or one per image (3,6,...)",
                              heading("Relevance"));
  RelevanceSettings relevance;
  bool sum_channels = option(sum_channels, "sum-channels", false, "maps of (N, H, W) instead of (N, 3, H, W)");
  fs::path maps =
      option(maps, "maps", {}, "float32 maps, not normalised, which start at the logit (.npy)", heading("Output"));
  fs::path shares = option(shares, "shares", {},
                           "float32 (N, H, W), with --minus: the difference of both maps after each is divided by its "
                           "total (.npy)");
  fs::path table = option(table, "table", {}, "CSV with the target's logit and the map's total of each image");
  fs::path ledger =
      option(ledger, "ledger", {}, "per layer: relevance in, relevance out and where the rest went (JSON)");
  fs::path pictures = option(pictures, "pictures", {}, "folder of heatmaps and overlays (PNG)");
  fs::path masks =
      option(masks, "masks", {},
             "truth folder of drawn faces, or `landmarks` for regions around them: adds relevance per action unit "
             "beside --maps");
  int batch = option(batch, "batch", 16, "images at a time", heading("Machine"), between(1, 65536));
  MachineSettings on;
};
void run_explain(const ExplainCommand& command);

}  // namespace palimpsest::experiments
