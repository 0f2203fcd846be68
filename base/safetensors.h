#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/tensor_file.h"

namespace palimpsest {

// Reads a .safetensors file: 8 bytes header length, a JSON header, then the data, row-major and little endian
// (the format's description: huggingface.co/docs/safetensors). Everything in the file is checked before it is used:
// the header's length and JSON, each dtype, shape and offset, and that the tensors fill the data without gap or
// overlap. Every problem is an Error that names the file. A tensor of an unknown type has the size that its offsets
// give, and is an Error only when it is read.
//
// Opening reads only the header; each tensor is read on request, so a 550 MB file is never held twice. The read
// functions are thread-safe.
class SafetensorsFile final : public TensorFile {
 public:
  explicit SafetensorsFile(fs::path path);
  ~SafetensorsFile() override;
  SafetensorsFile(SafetensorsFile&& other) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&& other) noexcept;

  const fs::path& path() const override { return path_; }
  const std::vector<std::string>& names() const override { return names_; }  // in the order of their data
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  bool has(const std::string& name) const override { return tensors_.contains(name); }
  const TensorInfo& info(const std::string& name) const override;  // throws Error when there is no such tensor

  // The values as float32, from F32, F64, F16, BF16, BOOL and every integer type; throws Error for other types.
  std::vector<float> read_floats(const std::string& name) const override;
  void read_into(const std::string& name, std::span<float> values) const;  // requires: values.size() == info().count()

 private:
  struct Tensor {
    TensorInfo info;
    std::uint64_t begin = 0;  // in the file
  };
  void read_header();
  void add_tensor(const std::string& name, Tensor tensor, std::uint64_t end);
  const Tensor& find(const std::string& name) const;
  void read_bytes(void* to, std::uint64_t bytes, std::uint64_t from) const;
  [[noreturn]] void malformed(const std::string& why) const;

  fs::path path_;
  int descriptor_ = -1;
  std::vector<std::string> names_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Writes float32 tensors sequentially, without holding them all. The same input gives the same bytes.
//   SafetensorsWriter writer(path, {{"fc.weight", {2, 3}}, {"fc.bias", {2}}}, {{"format", "pt"}});
//   writer.append(weight);  // 6 values, in one call or several
//   writer.append(bias);
//   writer.commit();
class SafetensorsWriter {
 public:
  using Declaration = std::pair<std::string, std::vector<std::int64_t>>;  // name, shape

  // requires: no name twice, none called "__metadata__", extents >= 0
  SafetensorsWriter(const fs::path& path, std::span<const Declaration> tensors,
                    const std::map<std::string, std::string>& metadata = {});
  SafetensorsWriter(const fs::path& path, std::initializer_list<Declaration> tensors,
                    const std::map<std::string, std::string>& metadata = {})
      : SafetensorsWriter(path, std::span(tensors.begin(), tensors.size()), metadata) {}

  // The next values of the declared tensors. requires: they do not reach past the end of the tensor they begin in
  void append(std::span<const float> values);
  void commit();  // requires: every tensor complete

 private:
  void skip_complete();
  AtomicFile file_;
  std::vector<std::pair<std::string, std::int64_t>> remaining_;  // name, values still to come
  std::size_t current_ = 0;
};

}  // namespace palimpsest
