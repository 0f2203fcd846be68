#include "nn/other_formats.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/excerpt.h"
#include "base/file_kind.h"
#include "nn/conversion.h"

namespace palimpsest::nn {

namespace {

using namespace std::string_view_literals;

// What a file is, to complete "FILE is ...", and what to do with it.
struct Format {
  std::string name, remedy;
};

constexpr const char* kSaveAgain = "save its tensors with safetensors' save_file, under torchvision's names";

// Bytes `from` to `from + most` of a file, fewer at its end; from < 0 counts from the end.
std::string part_of(const fs::path& path, std::int64_t from, std::size_t most) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = std::int64_t(file.tellg());
  file.seekg(from < 0 ? std::max<std::int64_t>(0, size + from) : from);
  std::string bytes(most, '\0');
  file.read(bytes.data(), std::streamsize(most));
  bytes.resize(std::size_t(std::max<std::streamsize>(0, file.gcount())));
  return bytes;
}

bool begins_as_safetensors(std::string_view start) {
  return start.size() > 8 && start.substr(4, 4) == "\0\0\0\0"sv && start[8] == '{';
}

// The names of a zip archive's files, found by the signatures of their entries near its start and end, so that no
// offset in the file is trusted.
std::vector<std::string> names_in_zip(const fs::path& path) {
  struct Entry {
    std::string_view mark;
    std::size_t length_at, name_at;
  };
  constexpr std::size_t window = 1 << 20, most_names = 1000;
  constexpr std::array<Entry, 2> entries{{{"PK\1\2"sv, 28, 46}, {"PK\3\4"sv, 26, 30}}};
  std::vector<std::string> names;
  for (const std::string& bytes : {part_of(path, -std::int64_t(window), window), part_of(path, 0, window)})
    for (const auto& [mark, length_at, name_at] : entries)
      for (auto at = bytes.find(mark); at != std::string::npos && names.size() < most_names;
           at = bytes.find(mark, at + 4)) {
        if (at + name_at > bytes.size()) break;
        const auto length = std::size_t{static_cast<unsigned char>(bytes[at + length_at])} +
                            256U * static_cast<unsigned char>(bytes[at + length_at + 1]);
        std::string name = bytes.substr(at + name_at, length);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
      }
  return names;
}

bool is_script(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    return name.find("constants.pkl") != std::string::npos || name.find("/code/") != std::string::npos;
  });
}

bool is_torch_zip(const std::vector<std::string>& names) {
  const auto is_object = [](const std::string& name) { return name == "data.pkl" || name.ends_with("/data.pkl"); };
  return std::ranges::any_of(names, is_object) && !is_script(names);
}

bool is_keras_zip(const std::vector<std::string>& names) {
  return std::ranges::count(names, "model.weights.h5") > 0;
}

// torch.save began with this number before it wrote zip archives; the digits are those of the oldest protocols.
bool begins_with_torch_number(std::string_view start) {
  constexpr auto number = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"sv;
  constexpr std::size_t frame = 9;
  if (start.starts_with("L119547037146038801333356L\n.")) return true;
  if (start.size() < 2 || start[0] != '\x80') return false;
  start.remove_prefix(2);
  return start.starts_with(number) || (start.size() > frame && start.substr(frame).starts_with(number));
}

std::optional<Format> zip_format(const fs::path& path) {
  const auto names = names_in_zip(path);
  if (is_torch_zip(names)) return std::nullopt;
  const auto named = [&](std::string_view part) {
    const auto at = std::find_if(names.begin(), names.end(),
                                 [&](const std::string& name) { return name.find(part) != std::string::npos; });
    return at == names.end() ? std::string() : *at;
  };
  if (names.empty()) return Format{"a zip archive that is cut short or damaged", "copy or download it again"};
  if (!named("data.pkl").empty()) return Format{"a PyTorch TorchScript archive", conversion::torch_script(path)};
  if (is_keras_zip(names)) return std::nullopt;
  if (!named(".npy").empty()) return Format{"a NumPy .npz archive", conversion::npz(path)};
  for (const char* ending : {".safetensors", ".h5", ".hdf5", ".pth", ".pt", ".keras"})
    if (const auto inside = named(ending); !inside.empty())
      return Format{fmt::format("a zip archive with {} in it", excerpt(inside)), "unzip it and give that file"};
  const auto shown = std::min<std::size_t>(names.size(), 4);
  return Format{
      fmt::format("a zip archive without weights ({})",
                  excerpt(fmt::format("{}", fmt::join(names.begin(), names.begin() + std::ptrdiff_t(shown), ", ")))),
      "give weights as safetensors or Keras' .h5"};
}

// The first format that torch.save wrote.
bool is_torch_tar(std::string_view start) {
  if (start.size() <= 262 || start.substr(257, 5) != "ustar") return false;
  const auto first = start.substr(0, start.substr(0, 100).find('\0'));
  return first == "sys_info" || first == "pickle" || first == "storages" || first == "tensors";
}

// Protocol buffers have no magic number: they are known by their first fields.
std::optional<Format> protocol_buffer(const fs::path& path, std::string_view start) {
  if (start.size() < 16) return std::nullopt;
  const auto letter = [](char c) { return c >= ' ' && c <= '~'; };
  const auto length = std::size_t(static_cast<unsigned char>(start[1]));
  if (start[0] == '\x08' && length >= 1 && length <= 32) {  // ONNX: ir_version, then producer_name or the like
    std::size_t first = 4;                                  // of the field's bytes, after its length
    while (first + 1 < start.size() && first < 9 && static_cast<unsigned char>(start[first - 1]) >= 0x80) ++first;
    const bool text = start[2] == '\x12' && letter(start[first]);
    if (text || start[2] == '\x3a' || start[2] == '\x42') return Format{"an ONNX model", conversion::onnx(path)};
    if (start[2] == '\x12') return Format{"a TensorFlow SavedModel's graph or a CoreML model", kSaveAgain};
  }
  if (start[0] != '\x0a' || length < 2) return std::nullopt;
  if (start[2] == '\x0a' || start[3] == '\x0a')
    return Format{"a frozen TensorFlow graph (.pb)", conversion::tensorflow()};
  const auto name = start.substr(2, length);
  if (length < 128 && start.size() > length + 2 && std::all_of(name.begin(), name.end(), letter))
    return Format{fmt::format("a Caffe network ('{}')", excerpt(name, 40)), kSaveAgain};
  return std::nullopt;
}

// Texts that belong to weights; base/file_kind.h identifies other texts.
std::optional<Format> text_format(const fs::path& path, std::string_view start) {
  start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  if (start.starts_with("{") && start.find("weight_map") != std::string_view::npos)
    return Format{"the index of weights in several files", conversion::shards(path)};
  if (start.starts_with("{") || start.starts_with("["))
    return Format{"JSON without weights", "give the file that holds the weights"};
  if (start.starts_with("model_checkpoint_path:"))
    return Format{"the list of a folder's TensorFlow checkpoints", conversion::tensorflow()};
  if (start.find("torch.") != std::string_view::npos && start.starts_with("4\n1\n"))
    return Format{"a Torch7 file", kSaveAgain};
  return std::nullopt;
}

struct Magic {
  std::size_t at;
  std::string_view bytes;
  Format format;
};

std::vector<Magic> magic_numbers() {
  const Format large_model{"a llama.cpp file", "give a VGG16's weights"};
  return {{4, "TFL3", {"a TensorFlow Lite model", conversion::tensorflow()}},
          {0, "GGUF", large_model},
          {0, "lmgg", large_model},
          {0, "MATLAB ", {"a MATLAB file (.mat)", kSaveAgain}},
          {0, "\x93NUMPY", {"a single NumPy array (.npy)", kSaveAgain}},
          {0, "\x12\x01\0\0\0\0\0\0"sv, {"an MXNet file", kSaveAgain}},
          {0, "\x04\0\0\0\x01\0\0\0"sv, {"a Torch7 file", kSaveAgain}}};
}

std::optional<Format> other_kind(std::string_view start) {
  const FileKind kind = file_kind(start);
  if (!kind.known()) return std::nullopt;
  const bool text = kind.name == "a text file";
  return Format{
      text ? fmt::format("{} ('{}')", kind.name, excerpt(start, 40)) : std::string(kind.name),
      kind.remedy.empty() || kind.picture ? "give weights as safetensors or Keras' .h5" : std::string(kind.remedy)};
}

std::optional<Format> recognise(const fs::path& path, std::string_view start) {
  if (start.empty()) return Format{"empty", "copy or download it again"};
  if (begins_as_safetensors(start)) return std::nullopt;
  if (start.starts_with("PK\3\4") || start.starts_with("PK\5\6")) return zip_format(path);
  if (begins_with_torch_number(start)) return std::nullopt;
  if (start.size() > 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5)
    return Format{"a Python pickle", kSaveAgain};
  if (is_torch_tar(start))
    return Format{"a PyTorch file (torch.save's first format, a tar archive)", conversion::torch_tar(path)};
  for (const auto& magic : magic_numbers())
    if (start.size() > magic.at && start.substr(magic.at).starts_with(magic.bytes)) return magic.format;
  if (is_text(start)) {
    const auto found = text_format(path, start);
    return found ? found : other_kind(start);
  }
  if (part_of(path, -8, 8) == "\x57\xfb\x80\x8b\x24\x75\x47\xdb"sv)
    return Format{"the index of a TensorFlow checkpoint", conversion::tensorflow()};
  const auto found = protocol_buffer(path, start);
  return found ? found : other_kind(start);
}

Format folder_format(const fs::path& folder) {
  std::error_code code;
  if (fs::exists(folder / "saved_model.pb", code))
    return {"the folder of a TensorFlow SavedModel", conversion::tensorflow()};
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const auto ending = entry.path().extension();
    if (ending == ".safetensors" || ending == ".h5")
      return {"a folder", fmt::format("give a file in it, such as {}", entry.path().string())};
  }
  return {"a folder", "give a weights file"};
}

}  // namespace

bool is_pytorch(const fs::path& path) {
  std::error_code code;
  if (!fs::is_regular_file(path, code)) return false;
  const std::string start = part_of(path, 0, 64);
  if (begins_with_torch_number(start)) return true;
  return start.starts_with("PK\3\4") && is_torch_zip(names_in_zip(path));
}

bool is_keras_archive(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code) && part_of(path, 0, 4) == "PK\3\4" && is_keras_zip(names_in_zip(path));
}

void refuse_other_formats(const fs::path& path) {
  std::error_code code;
  std::optional<Format> format;
  if (fs::is_directory(path, code))
    format = folder_format(path);
  else if (fs::is_regular_file(path, code))
    format = recognise(path, part_of(path, 0, 4096));
  else if (fs::exists(path.string() + ".index", code))
    format = {"the name of a TensorFlow checkpoint", conversion::tensorflow()};
  if (format) throw Error(fmt::format("{} is {}, which is not read", path.string(), format->name), format->remedy);
}

}  // namespace palimpsest::nn
