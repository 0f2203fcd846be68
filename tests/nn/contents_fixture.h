#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/npy.h"
#include "nn/weights.h"
#include "tests/nn/toy.h"
#include "tests/nn/weight_files.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {

// A toy network, and weights files that hold it with changes.
class Contents : public testing::Test {
 protected:
  Contents() : network_(*device_, toy_architecture()) {
    initialise(network_, 1);
    for (auto& p : network_.parameters())  // a bias of zeros would not be missed
      if (p.name.ends_with(".bias")) device_->fill(p.value, 0.25F);
    expected_ = logits(network_);
  }
  std::vector<float> logits(Network& network) {
    Trace trace = network.make_trace(2, kBlocks);
    std::vector<float> pixels(std::size_t(2 * 3 * 32 * 32));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = float(i * 7919 % 1000) / 500 - 1;
    device_->upload(trace.input(), pixels);
    network.forward(trace);
    return device_->download(trace.logits());
  }
  // The same bits, or an Error that names the file; never others. True if it was read.
  bool same_or_refused(const fs::path& path, const std::string& change) {
    try {
      const auto network = load_network(*device_, path, {32, true});
      EXPECT_EQ(logits(*network), expected_) << change;
      return true;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(path.filename().string())) << change;
      EXPECT_FALSE(error.remedy().empty()) << change;
      return false;
    }
  }
  fs::path write_bare(const Network& network) const {
    write_safetensors(folder_ / "bare.safetensors", torch_tensors(network));
    return folder_ / "bare.safetensors";
  }
  fs::path write_ramp() const {
    std::vector<float> pixels(std::size_t(3 * 32 * 32));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = float(i) / 3072;
    write_npy(folder_ / "x.npy", pixels, std::vector<std::int64_t>{1, 3, 32, 32});
    return folder_ / "x.npy";
  }
  // The error for these tensors as safetensors.
  void refused(const std::string& part, const NamedTensors& tensors) {
    write_safetensors(folder_ / "w.safetensors", tensors);
    expect_error("w.safetensors", [&] { load_network(*device_, folder_ / "w.safetensors", {32, true}); });
    expect_error(part, [&] { load_network(*device_, folder_ / "w.safetensors", {32, true}); });
  }
  NamedTensors renamed(const std::function<std::string(const std::string&)>& change) {
    NamedTensors tensors = torch_tensors(network_);
    for (auto& tensor : tensors) tensor.name = change(tensor.name);
    return tensors;
  }
  NamedTensors with(const NamedTensors& more) {
    NamedTensors tensors = torch_tensors(network_);
    tensors.insert(tensors.end(), more.begin(), more.end());
    return tensors;
  }

  TempFolder folder_;
  std::unique_ptr<Device> device_ = cpu_device();
  Network network_;
  std::vector<float> expected_;
};

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace palimpsest::nn
