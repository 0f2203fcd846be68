#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest::experiments {

// Numbers of clusters: one for each subject, and one for each image whose subject is not known.
class SubjectClusters {
 public:
  std::int64_t of(const std::string& subject) {
    return subject.empty() ? --alone_ : subjects_.emplace(subject, std::int64_t(subjects_.size())).first->second;
  }
  int subjects() const { return int(subjects_.size()); }

 private:
  std::map<std::string, std::int64_t> subjects_;
  std::int64_t alone_ = 0;
};

// explain-bK/sample.json: which of the images that FreezeB5 gets right and FreezeBk wrong are explained.
struct ExplainedSample {
  struct Image {
    std::string id, subject;  // subject: empty if not known
  };
  struct Emotion {
    std::string emotion;
    int found = 0;              // all such images
    std::vector<Image> images;  // those explained, in the order in which they were drawn
  };
  std::uint64_t seed = 1;
  std::vector<Emotion> emotions;

  const Emotion* of(const std::string& emotion) const;  // nullptr: none
};

// `limit` of the images (0: all) at random, spread over subjects: none has two before every other has one, and so on.
// The first of a larger sample are the smaller one. It depends on the seed, the model's k, the emotion's number and the
// images, not on their order.
std::vector<ExplainedSample::Image> spread_sample(std::vector<ExplainedSample::Image> found, int limit,
                                                  std::uint64_t seed, int k, int emotion);

void write_explained_sample(const fs::path& path, const ExplainedSample& sample);
ExplainedSample read_explained_sample(const fs::path& path);  // throws Error naming the file

}  // namespace palimpsest::experiments
