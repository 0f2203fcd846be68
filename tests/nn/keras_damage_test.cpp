// HDF5 files damaged at random: reading them gives values or an Error, and never ends this process. libhdf5 itself may
// crash, in its child process.
#include "base/progress.h"
#include "nn/keras_weights.h"
#include "nn/weights_contents.h"
#include "tests/support/damaged.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

class DamagedKeras : public testing::TestWithParam<const char*> {};

// The file's first bytes stay: without them it is not HDF5, which needs no child process to see.
TEST_P(DamagedKeras, AreWeightsOrAnError) {
  const TempFolder folder;
  const std::string whole = read_file(goldens() / "keras" / GetParam());
  constexpr std::size_t signature = 8;
  int read = 0, refused = 0;
  for (std::uint32_t trial = 0; trial < 75; ++trial) {
    Random random(13, Purpose::test, 0, trial);
    const fs::path path = folder / "damaged.h5";
    write_unsynced(path, whole.substr(0, signature) + damaged(whole.substr(signature), random));
    try {
      const KerasWeights file(path);
      require_vgg(file, contents_of(file), /*head_needed=*/false);
      // One tensor: each takes a process of its own.
      const std::string& name = file.names().at(trial % file.names().size());
      ASSERT_EQ(file.read_floats(name).size(), std::size_t(file.info(name).count()));
      ++read;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("damaged.h5")) << "trial " << trial;
      EXPECT_FALSE(error.remedy().empty()) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(read, 5);
  EXPECT_GT(refused, 15);
}

INSTANTIATE_TEST_SUITE_P(EveryForm, DamagedKeras,
                         testing::Values("keras3.weights.h5", "model.h5", "nested.h5", "notop.h5"),
                         [](const auto& test) {
                           const std::string name = test.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace palimpsest::nn
