#include "experiments/study/explained_sample.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"

namespace palimpsest::experiments {

PALIMPSEST_JSON(ExplainedSample::Image, id, subject)
PALIMPSEST_JSON(ExplainedSample::Emotion, emotion, found, images)
PALIMPSEST_JSON(ExplainedSample, seed, emotions)

const ExplainedSample::Emotion* ExplainedSample::of(const std::string& name) const {
  const auto at = std::ranges::find(emotions, name, &Emotion::emotion);
  return at == emotions.end() ? nullptr : &*at;
}

std::vector<ExplainedSample::Image> spread_sample(std::vector<ExplainedSample::Image> found, int limit,
                                                  std::uint64_t seed, int k, int emotion) {
  std::ranges::sort(found, {}, &ExplainedSample::Image::id);
  struct Drawn {
    ExplainedSample::Image image;
    int round = 0;  // how many images of its subject were drawn before it
  };
  std::vector<Drawn> drawn;
  std::map<std::string, int> times;
  for (const int i :
       permutation(int(found.size()), Random(seed, Purpose::sample, std::uint32_t(k), std::uint64_t(emotion)))) {
    const auto& image = found[std::size_t(i)];
    drawn.push_back({image, image.subject.empty() ? 0 : times[image.subject]++});
  }
  std::ranges::stable_sort(drawn, {}, &Drawn::round);
  if (limit > 0 && drawn.size() > std::size_t(limit)) drawn.resize(std::size_t(limit));
  std::vector<ExplainedSample::Image> images;
  for (Drawn& one : drawn) images.push_back(std::move(one.image));
  return images;
}

void write_explained_sample(const fs::path& path, const ExplainedSample& sample) {
  write_file(path, Json(sample).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

ExplainedSample read_explained_sample(const fs::path& path) {
  try {
    return Json::parse(read_file(path)).get<ExplainedSample>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()), "run again with --redo explain");
  }
}

}  // namespace palimpsest::experiments
