#pragma once
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

// An ellipse on the network's input, as shares of its side.
struct Ellipse {
  double x = 0, y = 0, rx = 0, ry = 0;
};

// The ground truth of an explained drawn picture.
struct TruthAreas {
  std::string id;
  std::vector<int> shown;                     // action units that the face shows
  std::map<int, std::vector<Ellipse>> areas;  // where each of them acts; two ellipses if it has two sides
};

// The truth of drawn pictures, by their ids in the data's part. `choice` names the set and the crop.
std::vector<TruthAreas> truth_areas(const DataSettings& choice, const std::vector<std::string>& ids);

// mask: size x size in [0, 1]. One ellipse around it, or two if it consists of a left and a right half.
std::vector<Ellipse> ellipses_of(const std::vector<float>& mask, int size);

void write_truth_areas(const fs::path& path, const std::vector<TruthAreas>& areas);
std::vector<TruthAreas> read_truth_areas(const fs::path& path);  // throws Error naming the file

}  // namespace palimpsest::experiments
