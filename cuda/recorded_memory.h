#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// What a recorded step uses: the storages that it writes, or whose copies (cuda/factor.h) it reads or makes, and other
// memory. Nothing calls written() or copied() when the step runs again, so what these would say is kept here.
class RecordedMemory {
 public:
  // While the step is recorded, before each such use.
  void written(const Tensor& tensor);
  void copy_used(const Tensor& tensor, bool present);
  // Memory that the step uses must not be given back, and is not written by anything else if its contents count.
  void keep(std::shared_ptr<const void> memory) { kept_.push_back(std::move(memory)); }
  // After the step, which has only been recorded: nothing that it made exists yet.
  void end_step();

  // Around each run: before it, copies that the step found are made anew if they are of other values now; after it,
  // copies are those that the step left, and what it wrote has a new version.
  void before_run(const Context& context);
  void after_run();

 private:
  struct Used {
    std::shared_ptr<CudaStorage> storage;
    CudaStorage::Copy found;  // present before its first use, which reads it; else none
    CudaStorage::Copy left;
    bool written = false;
  };
  Used& used(const Tensor& tensor, bool finds_copy);

  std::vector<Used> all_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
