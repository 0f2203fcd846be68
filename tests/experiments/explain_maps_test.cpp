// `explain` with a second model: the files that Python opens, and which maps are inverted.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/csv.h"
#include "base/json.h"
#include "base/npy.h"
#include "data/arrays.h"
#include "experiments/explain.h"
#include "experiments/explain/unit_regions.h"
#include "nn/inference.h"
#include "nn/weights.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/remarks.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

constexpr int images = 6, side = 32, area = side * side;

class ExplainMaps : public testing::Test {
 protected:
  void SetUp() override {
    Random random(1, Purpose::test);
    std::vector<float> values;
    for (int i = 0; i < images * 3 * area; ++i) values.push_back(float(random.normal()));
    write_npy(folder / "x.npy", values, std::vector<std::int64_t>{images, 3, side, side});
    logits_a = make("a.safetensors", 1);
    logits_b = make("b.safetensors", 2);
    command.model.weights = folder / "a.safetensors";
    command.minus = folder / "b.safetensors";
    command.data.source = data::parse_source("arrays:" + (folder / "x.npy").string());
    for (int i = 0; i < images; ++i) {  // the lowest logit of every second image, of the others the highest
      const auto first = logits_a.begin() + 3 * i;
      const auto at = i % 2 == 0 ? std::max_element(first, first + 3) : std::min_element(first, first + 3);
      targets.push_back(int(at - first));
    }
    command.target = fmt::format("{}", fmt::join(targets, ","));
    command.sum_channels = true;
    command.on.threads = 1;
    command.on.device = {DeviceName::Kind::cpu, 0};
  }
  // Writes a network, and returns its logits.
  std::vector<float> make(const char* name, std::uint64_t seed) {
    nn::Architecture architecture;
    architecture.size = side;
    architecture.channels = {4, 5, 6, 6, 8};
    architecture.hidden = {};
    architecture.classes = 3;
    const auto device = cpu_device();
    nn::Network network(*device, architecture);
    nn::initialise(network, seed);
    nn::save_weights(network, folder / name, {"none", {}, {}});
    std::vector<float> logits;
    nn::InferenceOptions options;
    options.normalisation = data::parse_normalisation("none");
    nn::infer(
        network, data::read_arrays(data::parse_source("arrays:" + (folder / "x.npy").string())), options,
        [&](const nn::Outputs& outputs) { logits.insert(logits.end(), outputs.logits.begin(), outputs.logits.end()); });
    return logits;
  }
  std::vector<float> maps_of(const char* weights) {
    ExplainCommand alone = command;
    alone.model.weights = folder / weights;
    alone.minus.clear();
    alone.maps = folder / "alone.npy";
    alone.table.clear();
    alone.shares.clear();
    alone.pictures.clear();
    static_cast<void>(remarks_of([&] { run_explain(alone); }));
    return read_npy(folder / "alone.npy").floats();
  }
  static double total(const std::vector<float>& maps, int image) {
    double sum = 0;
    for (int p = 0; p < area; ++p) sum += double(maps[std::size_t(image * area + p)]);
    return sum;
  }

  double logit(const std::vector<float>& logits, int image) const {
    return logits[std::size_t(3 * image + targets[std::size_t(image)])];
  }

  TempFolder folder;
  ExplainCommand command;
  std::vector<float> logits_a, logits_b;
  std::vector<int> targets;
};

TEST_F(ExplainMaps, ATableOfLogitsAndTotals) {
  command.table = folder / "t.csv";
  const std::string remarks = remarks_of([&] { run_explain(command); });
  const auto a = maps_of("a.safetensors"), b = maps_of("b.safetensors");
  const Csv csv = read_csv(folder / "t.csv");
  ASSERT_EQ(csv.rows.size(), std::size_t(images));
  int inverted = 0;
  for (int i = 0; i < images; ++i) {
    const auto number = [&](const char* column) {
      return parse_number(csv.rows[std::size_t(i)][std::size_t(csv.column(column))], "t.csv");
    };
    const double la = logit(logits_a, i), lb = logit(logits_b, i);
    EXPECT_NEAR(number("logit_a"), la, 1e-4 * std::abs(la));
    EXPECT_NEAR(number("logit_b"), lb, 1e-4 * std::abs(lb));
    EXPECT_NEAR(number("total_a"), total(a, i), 1e-4 * std::abs(la));
    EXPECT_NEAR(number("total_b"), total(b, i), 1e-4 * std::abs(lb));
    inverted += la <= 0 || lb <= 0 ? 1 : 0;
  }
  ASSERT_GT(inverted, 0) << "else the remark is not tested";
  EXPECT_THAT(remarks, testing::HasSubstr(fmt::format("The maps of {} of {} images are inverted", inverted, images)));
}

TEST_F(ExplainMaps, RawDifferencesAndDifferencesOfShares) {
  command.maps = folder / "d.npy";
  command.shares = folder / "s.npy";
  command.pictures = folder / "pictures";
  static_cast<void>(remarks_of([&] { run_explain(command); }));
  const auto a = maps_of("a.safetensors"), b = maps_of("b.safetensors");
  const NpyArray raw = read_npy(folder / "d.npy"), shares = read_npy(folder / "s.npy");
  EXPECT_EQ(shares.shape, (std::vector<std::int64_t>{images, side, side}));
  EXPECT_EQ(raw.shape, shares.shape);
  const auto differences = raw.floats(), of_shares = shares.floats();
  for (int i = 0; i < images; ++i) {
    const double of_a = std::abs(total(a, i)), of_b = std::abs(total(b, i));
    for (int p = 0; p < area; ++p) {
      const auto at = std::size_t(i * area + p);
      ASSERT_NEAR(differences[at], double(a[at]) - double(b[at]), 1e-5 * (of_a + of_b));
      ASSERT_NEAR(of_shares[at], double(a[at]) / of_a - double(b[at]) / of_b, 1e-4);
    }
  }
  const Json index = Json::parse(read_file(folder / "pictures/index.json"));
  EXPECT_NEAR(index.at(2).at("logit_b").get<double>(), logit(logits_b, 2), 1e-4);
  EXPECT_TRUE(fs::exists(folder / "pictures" / index.at(2).at("difference_of_shares").get<std::string>()));
}

TEST_F(ExplainMaps, RefusesWhatCannotBe) {
  command.table = folder / "t.csv";
  command.masks = "landmarks";
  command.maps = folder / "d.npy";
  expect_error("has no landmarks", [&] { run_explain(command); });
  command.masks.clear();
  command.shares = folder / "t.csv";
  EXPECT_THROW(run_explain(command), Error) << "two outputs in one file";
  command.shares = folder / "s.npy";
  command.minus.clear();
  expect_error("--shares is a difference of two models' maps", [&] { run_explain(command); });
}

TEST(UnitRegionsOfLandmarks, FollowTheCropAndSkipPicturesWithoutThem) {
  data::Dataset set;
  set.samples.resize(2);
  set.samples[0].landmarks.assign(68, {50, 60});
  for (std::size_t i = 36; i < 42; ++i) set.samples[0].landmarks[i] = {30, 40};
  for (std::size_t i = 42; i < 48; ++i) set.samples[0].landmarks[i] = {70, 40};
  const data::Cropped crop{{10, 20, 50, 60}, data::Crop::landmarks};
  const auto pictures = std::make_shared<const data::Pictures>(set, std::vector{crop, crop}, 4,
                                                               std::vector<std::uint8_t>(std::size_t(2 * 4 * 4 * 3)));
  std::optional<UnitRegions> regions;
  const std::string remarks =
      remarks_of([&] { regions.emplace("landmarks", data::parse_source("folder:x"), pictures); });
  EXPECT_THAT(remarks, testing::HasSubstr("1 of 2 pictures have no landmarks"));
  EXPECT_TRUE(regions->known(0));
  EXPECT_FALSE(regions->known(1));
  // The left eye, (30, 40), is the crop's middle; the disc's radius of 10 is a quarter of the crop's 40.
  EXPECT_EQ(regions->mask(0, 43, 4, 4), (std::vector<float>{0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace palimpsest::experiments
