#pragma once
#include "experiments/representation/comparison.h"
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

inline constexpr int most_compared_images = 5000;  // of which the features of all blocks fit in memory

struct RepresentationCommand {
  fs::path before =
      option(before, "before", {}, "weights before, for instance the re-trained FreezeB5", heading("Model"), required);
  fs::path after = option(after, "after", {}, "weights after, of the same blocks", required);
  DataSettings data;
  std::string concepts = option(concepts, "concepts", {},
                                "CSV with the columns id and one per concept (1, 0 or empty: not known), or "
                                "`action-units` for those of CK+ or UNBC");
  int images = option(images, "images", most_compared_images, "at most; a random sample of a larger part",
                      heading("Comparison"), between(8, most_compared_images));
  std::uint64_t seed = option(seed, "seed", 1, "of the sample, the halves and the random weights");
  fs::path out = option(out, "out", {}, "JSON", heading("Output"));
  fs::path csv = option(csv, "csv", {}, "CSV with a row for each figure");
  int batch = option(batch, "batch", 8, "images at a time", heading("Machine"), between(1, 65536));
  MachineSettings on;
};
void run_representation(const RepresentationCommand& command);

// The same without an output. Throws Error as the command does.
struct Representation {
  int images = 0, found = 0;  // found: in the part
  std::vector<BlockComparison> blocks;
};
Representation represent(const RepresentationCommand& command);

}  // namespace palimpsest::experiments
