#pragma once
// A launch: the arguments are converted to the kernel's parameter types and copied immediately, like <<<>>>.
#include <cstddef>
#include <memory>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "simt/runtime_types.h"
#include "simt/vectors.h"

namespace palimpsest::simt {

struct Launch {
  const char* name;      // as written at the launch
  const void* function;  // the kernel's address
  dim3 grid, block;
  unsigned cluster;  // neighbouring blocks along x that run together
  std::size_t dynamic_shared_bytes;
  cudaStream_t stream;
  std::source_location site;
  std::vector<const void*> pointers;      // by parameter: its value, or null if it is not a pointer
  std::shared_ptr<const void> arguments;  // the kernel and its arguments
  std::size_t argument_bytes;
  void (*invoke)(const void* arguments);  // one thread
};
// Checks the configuration and appends to the stream (or to the graph being captured). As in CUDA, cudaGetLastError
// reports an impossible configuration.
void submit(Launch launch);

template <typename T>
const void* pointer_value(const T& argument) {
  if constexpr (std::is_pointer_v<T>) {
    return static_cast<const void*>(argument);
  } else {
    return nullptr;
  }
}

// Converts implicitly, like a function call, so that a void* is not a float*.
template <typename T>
T converted(std::type_identity_t<T> argument) {
  return argument;
}

template <typename... P, typename... A>
void launch(const char* name, void (*kernel)(P...), unsigned cluster, dim3 grid, dim3 block,
            std::size_t dynamic_shared_bytes, cudaStream_t stream, std::source_location site, A&&... arguments) {
  static_assert(sizeof...(P) == sizeof...(A), "a launch names every parameter of its kernel");
  static_assert((!std::is_reference_v<P> && ...), "a kernel's parameters are values");
  static_assert((std::is_trivially_copyable_v<P> && ...), "a kernel's parameters are copied byte by byte");
  using Values = std::tuple<std::remove_cv_t<P>...>;
  struct Packed {
    void (*kernel)(P...);
    Values values;
  };
  const auto packed =
      std::make_shared<const Packed>(Packed{kernel, Values{converted<P>(std::forward<A>(arguments))...}});
  std::vector<const void*> pointers = std::apply(
      [](const auto&... value) { return std::vector<const void*>{pointer_value(value)...}; }, packed->values);
  submit({name, reinterpret_cast<const void*>(kernel), grid, block, cluster, dynamic_shared_bytes, stream, site,
          std::move(pointers), packed, sizeof(Packed), [](const void* arguments_of_thread) {
            const Packed& call = *static_cast<const Packed*>(arguments_of_thread);
            std::apply(call.kernel, call.values);
          }});
}

}  // namespace palimpsest::simt
