#include <algorithm>
#include <cstring>
#include <utility>

#include "emulator/libraries/cudnn_descriptors.h"
#include "emulator/libraries/status.h"

namespace palimpsest::libraries {
namespace {

thread_local std::string last_error;

}  // namespace

cudnnStatus_t refuse(cudnnStatus_t status, std::string sentence) {
  last_error = std::move(sentence);
  return status;
}

}  // namespace palimpsest::libraries

using palimpsest::libraries::last_error;

extern "C" {

std::size_t cudnnGetVersion(void) {
  return CUDNN_VERSION;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS:
      return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM:
      return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_NOT_SUPPORTED:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_INTERNAL_ERROR:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_STATUS_EXECUTION_FAILED:
      return "CUDNN_STATUS_EXECUTION_FAILED";
  }
  return "CUDNN_UNKNOWN_STATUS";
}

void cudnnGetLastErrorString(char* message, std::size_t max_size) {
  if (!message || max_size == 0) return;
  const std::size_t count = std::min(last_error.size(), max_size - 1);
  std::memcpy(message, last_error.data(), count);
  message[count] = '\0';
  last_error.clear();
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the pointer for the handle is null");
  *handle = new cudnnContext;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the handle is null");
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
