// Files that torch.save wrote (tests/goldens/make_pytorch.py).
#include "nn/pytorch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "base/npy.h"
#include "base/safetensors.h"
#include "nn/other_formats.h"
#include "nn/weights.h"
#include "nn/weights_contents.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

const fs::path kFolder = goldens() / "pytorch";

std::vector<float> logits_of(const char* name) {
  const auto device = cpu_device();
  const auto network = load_network(*device, kFolder / name);
  const NpyArray x = read_npy(kFolder / "x.npy");
  Trace trace = network->make_trace(int(x.shape[0]), kBlocks);
  device->upload(trace.input(), x.floats());
  network->forward(trace);
  return device->download(trace.logits());
}

void expect_same_bits(const std::vector<float>& got, const std::vector<float>& expected, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(expected[i])) << what << " " << i;
}

class PytorchLogits : public testing::TestWithParam<const char*> {};

TEST_P(PytorchLogits, AreThoseOfPytorch) {
  const auto expected = read_npy(kFolder / "logits.npy").floats();
  const auto got = logits_of(GetParam());
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5) << i;
}
INSTANTIATE_TEST_SUITE_P(EveryForm, PytorchLogits,
                         testing::Values("zip.pth", "legacy.pth", "deflated.pth", "zip64.pth", "no_checksums.pth",
                                         "big_endian.pth", "checkpoint.pth", "checkpoint_legacy.pth", "nested.pth",
                                         "prefixed.pth", "unknown_key.pth", "one_storage.pth",
                                         "one_storage_legacy.pth"),
                         [](const auto& test) { return fs::path(test.param).stem().string(); });

// Every parameter has the same bits in each form.
TEST(PytorchFiles, OfEveryFormHoldTheSame) {
  const PytorchFile first(kFolder / "zip.pth");
  EXPECT_EQ(first.names().size(), 32u);
  EXPECT_EQ(first.names().front(), "features.0.weight");
  EXPECT_TRUE(first.changes().empty());
  for (const char* name : {"zip_protocol1.pth", "zip_protocol3.pth", "zip_protocol4.pth", "zip_protocol5.pth",
                           "legacy.pth", "legacy_protocol1.pth", "legacy_protocol3.pth", "legacy_protocol4.pth",
                           "legacy_protocol5.pth", "deflated.pth", "zip64.pth", "no_checksums.pth", "big_endian.pth",
                           "dict_of_parameters.pth", "checkpoint.pth", "one_storage.pth", "one_storage_legacy.pth"}) {
    EXPECT_TRUE(is_pytorch(kFolder / name)) << name;
    const PytorchFile other(kFolder / name);
    EXPECT_EQ(other.names(), first.names()) << name;
    for (const auto& tensor : first.names()) {
      EXPECT_EQ(other.info(tensor).shape, first.info(tensor).shape) << name;
      expect_same_bits(other.read_floats(tensor), first.read_floats(tensor), name + (" " + tensor));
    }
  }
}

TEST(PytorchFiles, OfHalfPrecisionAreRoundedWeights) {
  const PytorchFile whole(kFolder / "zip.pth");
  for (const auto& [name, dtype, error] : {std::tuple("half.pth", "F16", 1e-3F), {"bfloat16.pth", "BF16", 8e-3F}}) {
    const PytorchFile file(kFolder / name);
    EXPECT_EQ(file.info("features.5.weight").dtype, dtype);
    const auto got = file.read_floats("features.5.weight"), exact = whole.read_floats("features.5.weight");
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], exact[i], error * std::abs(exact[i]) + 1e-7F);
    EXPECT_EQ(architecture_of(file).classes, 3);
  }
}

// Types, views, and transposed, stepped and expanded tensors, with the bits of torch.load(...).float().
TEST(PytorchFiles, TensorsHaveTheValuesOfTorchLoad) {
  const SafetensorsFile expected(kFolder / "tensors.safetensors");
  for (const char* name : {"tensors.pth", "tensors_legacy.pth", "tensors_big_endian.pth"}) {
    const PytorchFile file(kFolder / name);
    ASSERT_EQ(file.names().size(), expected.names().size());
    for (const auto& tensor : file.names()) {
      EXPECT_EQ(file.info(tensor).shape, expected.info(tensor).shape) << name << " " << tensor;
      expect_same_bits(file.read_floats(tensor), expected.read_floats(tensor), name + (" " + tensor));
    }
    EXPECT_EQ(file.info("bf16").dtype, "BF16");
    EXPECT_EQ(file.info("i64").dtype, "I64");
    expect_error("has no gone", [&] { file.info("gone"); });
  }
}

TEST(PytorchFiles, TensorsWithoutOrdinaryValuesAreNamed) {
  const PytorchFile file(kFolder / "tensors_untyped.pth");
  EXPECT_EQ(file.read_floats("u16"), (std::vector<float>{1, 60000}));
  EXPECT_EQ(file.read_floats("u32"), (std::vector<float>{1, 2147483648.0F}));
  EXPECT_EQ(file.read_floats("u64"), (std::vector<float>{1, 8589934592.0F}));
  EXPECT_EQ(file.read_floats("f32"), (std::vector<float>{1.5F}));
  const std::vector<std::tuple<const char*, const char*, std::vector<std::int64_t>>> others{
      {"f8", "F8_E4M3", {2}},
      {"c64", "complex64", {1}},
      {"sparse", "sparse", {3, 3}},
      {"quantised", "quantised", {2, 2}},
      {"meta", "without values", {2, 3}}};
  for (const auto& [name, dtype, shape] : others) {
    EXPECT_EQ(file.info(name).dtype, dtype);
    EXPECT_EQ(file.info(name).shape, shape) << name;
    expect_error(fmt::format("tensor '{}' has the type {}", name, dtype), [&, n = name] { file.read_floats(n); });
  }
}

TEST(PytorchFiles, WhatIsChosenAndLeftOutIsSaid) {
  const auto expect = [](const char* name, const std::vector<std::string>& changes) {
    EXPECT_EQ(PytorchFile(kFolder / name).changes(), changes) << name;
    EXPECT_EQ(open_weights(kFolder / name)->changes(), changes) << name;
  };
  expect("checkpoint.pth", {"the weights are its 'state_dict'", "the names of its classes are its class_names",
                            "left out: epoch, optimizer, best, best_acc1, args, meter"});
  expect("unknown_key.pth", {"the weights are its 'vgg'", "left out: epoch"});
  expect("legacy.pth", {});
  const auto changes = PytorchFile(kFolder / "nested.pth").changes();
  EXPECT_THAT(changes, testing::Contains("the weights are its 'model.net'"));
  EXPECT_THAT(changes, testing::Contains(testing::HasSubstr("'ema' also holds tensors")));
}

TEST(PytorchFiles, NamesOfClassesComeFromBesideTheWeights) {
  const std::vector<std::string> names{"happy", "sad, very", "überrascht"};
  for (const char* name : {"checkpoint.pth", "checkpoint_legacy.pth"})
    EXPECT_EQ(notes_of(PytorchFile(kFolder / name)).classes, names) << name;
  const PytorchFile disagreeing(kFolder / "disagreeing_classes.pth");
  EXPECT_TRUE(notes_of(disagreeing).classes.empty());
  EXPECT_THAT(disagreeing.changes(), testing::Contains(testing::HasSubstr("its classes and idx_to_class disagree")));
}

TEST(PytorchFiles, WithoutOneDictOfTensorsAreRefused) {
  const auto refused = [](const char* name, const std::string& problem, const std::string& remedy) {
    expect_error_with({name, problem, remedy}, [&] { open_weights(kFolder / name); });
  };
  refused("other_model.pth", "holds a whole model (of the class __main__.VGG)", ".state_dict(), '");
  refused("other_model_legacy.pth", "holds a whole model (of the class __main__.VGG)", "weights_only=False");
  refused("other_model_inside.pth", "holds a whole model under 'model' (of the class __main__.VGG)", "['model']");
  refused("other_tensor.pth", "holds one tensor", "state_dict()");
  refused("other_list.pth", "does not hold a dict of tensors", "state_dict()");
  refused("other_arrays.pth", "features.0.weight in it is an object of the class numpy.ndarray", "state_dict()");
  refused("other_script.pth", "a PyTorch TorchScript archive", "torch.jit.load(");
  refused("equally_good.pth", "several dicts of tensors, 'teacher' and 'student'", "one model");
}

TEST(PytorchFiles, StartATrainingRun) {
  const auto device = cpu_device();
  const PytorchFile file(kFolder / "checkpoint.pth");
  Architecture a = architecture_of(file);
  EXPECT_EQ(a.hidden, (std::vector<int>{5, 4}));
  a.classes = 2;
  Network network(*device, a);
  initialise(network, 1);
  EXPECT_EQ(take_weights(network, file, HeadInit::copy_fc).taken.size(), 30u);
  for (const auto& p : network.parameters())
    if (p.name == "classifier.3.weight") expect_same_bits(device->download(p.value), file.read_floats(p.name), p.name);
}

TEST(PytorchFiles, DamagedValuesAreNoticed) {
  const TempFolder folder;
  std::string bytes = read_file(kFolder / "zip.pth");
  const auto values = PytorchFile(kFolder / "zip.pth").read_floats("classifier.3.weight");
  const auto at = bytes.find(std::string(reinterpret_cast<const char*>(values.data()), 4 * values.size()));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 5] = char(bytes[at + 5] ^ 1);
  write_unsynced(folder / "w.pth", bytes);
  const PytorchFile file(folder / "w.pth");
  expect_error("data/", [&] { file.read_floats("classifier.3.weight"); });
  EXPECT_EQ(file.read_floats("classifier.3.bias").size(), 4u);
}

}  // namespace
}  // namespace palimpsest::nn
