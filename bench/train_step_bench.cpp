// Times whole training steps of a full-width VGG16 with 8 classes: upload, forward, focal loss, backward, SGD.
//   train_step_bench [BATCH=8] [SIZE=224] [STEPS=4] [THREADS=2] [FREEZE=0]
// Prints one line of JSON: seconds of each step after the first, which makes the plans, and the peak memory.
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "cpu/device.h"
#include "nn/batch_upload.h"
#include "nn/weights.h"

namespace palimpsest {
namespace {

// Of all threads of this process.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

class Steps {
 public:
  Steps(int batch, int size, int threads, int freeze) : device_(make_cpu_device(threads)) {
    Architecture architecture;
    architecture.size = size;
    network_ = std::make_unique<Network>(*device_, architecture);
    initialise(*network_, 1);
    std::array<bool, kBlocks> frozen{};
    for (int block = 0; block < freeze; ++block) frozen[std::size_t(block)] = true;
    network_->set_frozen(frozen);
    trace_ = network_->make_trace(batch, network_->lowest_trained_block());
    gradient_ = device_->make({batch, architecture.classes}, Layout::matrix);
    Random random(1, Purpose::test);
    images_.resize(std::size_t(trace_.input().shape.count()));
    for (auto& v : images_) v = float(random.uniform(-1, 1));
    std::vector<int> labels;
    for (int i = 0; i < batch; ++i) labels.push_back(i % architecture.classes);
    labels_ = device_->make({batch, 1}, Layout::matrix);
    upload_labels(*device_, labels, architecture.classes, labels_);
  }
  double seconds_of_one() {
    const auto start = std::chrono::steady_clock::now();
    device_->upload(trace_.input(), images_);
    network_->forward(trace_);
    device_->focal_loss({5, {}}, trace_.logits(), labels_, &gradient_);
    network_->backward(trace_, gradient_);
    if (updates_.empty())
      for (auto& p : network_->parameters())
        if (network_->trained(p.block)) updates_.push_back({p.value, p.gradient, {}});
    if (device_->sgd_step(updates_, {0.001, 0, 0, 1}) >= 0) std::abort();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<Network> network_;
  Trace trace_;
  Tensor gradient_, labels_;
  std::vector<SgdParameter> updates_;
  std::vector<float> images_;
};

}  // namespace
}  // namespace palimpsest

int main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  palimpsest::Steps steps(number(1, 8), number(2, 224), number(4, 2), number(5, 0));
  steps.seconds_of_one();
  std::vector<double> seconds, cpu_seconds;
  for (int i = 0; i < number(3, 4); ++i) {
    const double before = palimpsest::processor_seconds();
    seconds.push_back(steps.seconds_of_one());
    cpu_seconds.push_back(palimpsest::processor_seconds() - before);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::puts(
      nlohmann::json{{"seconds", seconds}, {"cpu_seconds", cpu_seconds}, {"peak_mb", double(usage.ru_maxrss) / 1024}}
          .dump()
          .c_str());
}
