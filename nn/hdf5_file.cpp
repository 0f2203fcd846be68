#include "nn/hdf5_file.h"

#include <hdf5.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>

#include "base/child_process.h"
#include "base/error.h"
#include "base/excerpt.h"

namespace palimpsest::nn {

namespace {

using Json = nlohmann::json;

// Texts of a broken file need not be UTF-8.
Json binary(const std::string& text) {
  return Json::binary({text.begin(), text.end()});
}
std::string text_of(const Json& json) {
  const auto& bytes = json.get_binary();
  return {bytes.begin(), bytes.end()};
}

// An HDF5 identifier and the function that closes it. HDF5 returns a negative number on failure.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  explicit operator bool() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): for HDF5's functions

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

[[noreturn]] void unusable(const fs::path& path, const std::string& why) {
  throw Error(fmt::format("{} is not a usable Keras file: {}", path.string(), why),
              "save the weights of a keras.applications VGG16 again with save_weights, or copy the file again");
}

constexpr std::size_t most_names = 100'000;
constexpr std::size_t most_text = 16'000'000;  // bytes of an attribute

// Collects the names of hard links; soft and external ones, which may lead anywhere, are not followed.
herr_t collect(hid_t, const char* name, const H5L_info_t* info, void* to) {
  auto& names = *static_cast<std::vector<std::string>*>(to);
  if (info->type == H5L_TYPE_HARD) names.emplace_back(name);
  return names.size() > most_names ? -1 : 0;
}

std::string type_name(hid_t type) {
  const auto bits = 8 * H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return fmt::format("F{}", bits);
    case H5T_INTEGER:
      return fmt::format("{}{}", H5Tget_sign(type) == H5T_SGN_NONE ? "U" : "I", bits);
    case H5T_STRING:
      return "text";
    case H5T_ENUM:
      return "BOOL";  // h5py's
    default:
      return "other";
  }
}

// Of variable length: HDF5 allocates each text.
std::vector<std::string> variable_texts(hid_t attribute, hid_t type, hid_t space, std::size_t count) {
  std::vector<char*> pointers(count, nullptr);
  std::vector<std::string> texts;
  if (H5Aread(attribute, type, static_cast<void*>(pointers.data())) < 0) return texts;
  for (const char* text : pointers) texts.emplace_back(text ? text : "");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, static_cast<void*>(pointers.data()));
  return texts;
}

std::vector<std::string> fixed_texts(hid_t attribute, hid_t type, std::size_t count) {
  const std::size_t length = H5Tget_size(type);
  if (length == 0 || length > most_text || count > most_text / length) return {};
  std::string bytes(count * length, '\0');
  if (H5Aread(attribute, type, bytes.data()) < 0) return {};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view one = std::string_view(bytes).substr(i * length, length);
    texts.emplace_back(one.substr(0, one.find('\0')));
  }
  return texts;
}

// The file in the child process.
class Reader {
 public:
  Reader(const fs::path& path, const fs::path& opened) : path_(path) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // our own errors suffice
    file_ = H5Fopen(opened.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file_ < 0) unusable("it is damaged or cut short");
  }

  Json objects() const;
  void read_floats(const std::string& dataset, std::int64_t count, const ByteSink& sink) const;
  Json texts(const std::string& group, const std::string& attribute) const;

 private:
  [[noreturn]] void unusable(const std::string& why) const { nn::unusable(path_, why); }
  Json describe(const std::string& name) const;
  bool outside(hid_t dataset, const std::string& name) const;

  const fs::path& path_;
  hid_t file_ = -1;  // the process ends before it is closed
};

Json Reader::objects() const {
  std::vector<std::string> names;
  if (H5Lvisit(file_, H5_INDEX_NAME, H5_ITER_INC, collect, &names) < 0) unusable("it is damaged or cut short");
  Json objects = Json::array();
  for (const auto& name : names) objects.push_back(describe(name));
  return objects;
}

Json Reader::describe(const std::string& name) const {
  const Handle opened(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!opened) unusable(fmt::format("{} is damaged", excerpt(name)));
  if (H5Iget_type(opened) != H5I_DATASET) return Json::array({binary(name), false, texts(name, "weight_names")});
  const Handle space(H5Dget_space(opened), H5Sclose), type(H5Dget_type(opened), H5Tclose);
  if (!space || !type) unusable(fmt::format("{} is damaged", excerpt(name)));
  const int axes = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> extents(std::size_t(std::max(axes, 0)));
  if (axes < 0 || (axes > 0 && H5Sget_simple_extent_dims(space, extents.data(), nullptr) < 0))
    unusable(fmt::format("{} is damaged", excerpt(name)));
  if (H5Sget_simple_extent_type(space) == H5S_NULL) extents.push_back(0);
  std::int64_t count = 1;
  for (const hsize_t extent : extents)
    if (extent > hsize_t{1} << 40 || __builtin_mul_overflow(count, std::int64_t(extent), &count))
      unusable(fmt::format("{} has a shape that no file can hold", excerpt(name)));
  return Json::array({binary(name), true, type_name(type), extents, outside(opened, name)});
}

bool Reader::outside(hid_t dataset, const std::string& name) const {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (!properties) unusable(fmt::format("{} is damaged", excerpt(name)));
  return H5Pget_external_count(properties) != 0 || H5Pget_layout(properties) == H5D_VIRTUAL;
}

void Reader::read_floats(const std::string& dataset, std::int64_t count, const ByteSink& sink) const {
  const Handle opened(H5Dopen2(file_, dataset.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle space(opened ? H5Dget_space(opened) : -1, H5Sclose);
  std::vector<float> values(static_cast<std::size_t>(count));
  if (!space || outside(opened, dataset) || H5Sget_simple_extent_npoints(space) != count ||
      H5Dread(opened, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    unusable(fmt::format("{} cannot be read", excerpt(dataset)));
  sink({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

Json Reader::texts(const std::string& group, const std::string& attribute) const {
  Json none = Json::array();
  const std::string object = group.empty() ? "." : group;
  if (H5Aexists_by_name(file_, object.c_str(), attribute.c_str(), H5P_DEFAULT) <= 0) return none;
  const Handle opened(H5Aopen_by_name(file_, object.c_str(), attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!opened) return none;
  const Handle type(H5Aget_type(opened), H5Tclose), space(H5Aget_space(opened), H5Sclose);
  if (!type || !space || H5Tget_class(type) != H5T_STRING) return none;
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || std::size_t(count) > most_names) return none;
  for (const auto& text : H5Tis_variable_str(type) > 0 ? variable_texts(opened, type, space, std::size_t(count))
                                                       : fixed_texts(opened, type, std::size_t(count)))
    none.push_back(binary(text));
  return none;
}

struct Paths {
  const fs::path &named, &opened;
};

void in_child(const Paths& paths, const std::function<void(const Reader&, const ByteSink&)>& work,
              const ByteSink& sink) {
  run_in_child(
      {}, [&](const ByteSink& to) { work(Reader(paths.named, paths.opened), to); }, sink,
      [&](const std::string& reason) { unusable(paths.named, fmt::format("libhdf5 fails on it ({})", reason)); });
}

// What `work` returns in the child process, each entry of it as `convert` makes it.
template <class T>
std::vector<T> answer(const Paths& paths, const std::function<Json(const Reader&)>& work, T (*convert)(const Json&)) {
  std::vector<std::uint8_t> bytes;
  in_child(
      paths,
      [&](const Reader& reader, const ByteSink& to) {
        const auto packed = Json::to_msgpack(work(reader));
        to({reinterpret_cast<const char*>(packed.data()), packed.size()});
      },
      [&](std::span<const char> part) { bytes.insert(bytes.end(), part.begin(), part.end()); });
  std::vector<T> values;
  try {
    for (const Json& one : Json::from_msgpack(bytes)) values.push_back(convert(one));
  } catch (const Json::exception&) {  // the file has corrupted the child's memory
    unusable(paths.named, "libhdf5 fails on it");
  }
  return values;
}

Hdf5File::Object object_of(const Json& json) {
  Hdf5File::Object object;
  object.name = text_of(json.at(0));
  object.data = json.at(1).get<bool>();
  if (!object.data) {
    for (const Json& text : json.at(2)) object.weight_names.push_back(text_of(text));
    return object;
  }
  object.info = {json.at(2).get<std::string>(), json.at(3).get<std::vector<std::int64_t>>()};
  object.outside = json.at(4).get<bool>();
  return object;
}

}  // namespace

bool is_hdf5(const fs::path& path) {
  static constexpr char signature[9] = "\x89HDF\r\n\x1a\n";
  char start[8] = {};
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return false;
  const bool whole = std::fread(start, 1, sizeof start, file) == sizeof start;
  std::fclose(file);
  return whole && std::memcmp(start, signature, sizeof start) == 0;
}

std::vector<Hdf5File::Object> Hdf5File::objects() const {
  return answer({path_, opened_}, [](const Reader& reader) { return reader.objects(); }, object_of);
}

void Hdf5File::require_weights(const Object& object) const {
  const std::string name = excerpt(object.name);
  const auto& [dtype, shape] = object.info;
  if (!dtype.starts_with('F')) unusable(path_, fmt::format("{} does not hold floats", name));
  if (shape.empty() || shape.size() > 4) unusable(path_, fmt::format("{} has {} axes", name, shape.size()));
  std::int64_t count = 1;
  for (const auto extent : shape)
    if (extent == 0 || extent > 1 << 30 || __builtin_mul_overflow(count, extent, &count) || count > 1 << 30)
      unusable(path_, fmt::format("{} has a shape that no VGG has", name));
  if (object.outside) unusable(path_, fmt::format("{} keeps its values in another file", name));
}

std::vector<float> Hdf5File::read_floats(const std::string& dataset, std::int64_t count) const {
  std::vector<float> values(static_cast<std::size_t>(count));
  const std::size_t bytes = values.size() * sizeof(float);
  std::size_t at = 0;
  in_child(
      {path_, opened_}, [&](const Reader& reader, const ByteSink& to) { reader.read_floats(dataset, count, to); },
      [&](std::span<const char> part) {
        if (part.size() > bytes - at) unusable(path_, fmt::format("{} cannot be read", excerpt(dataset)));
        std::memcpy(reinterpret_cast<char*>(values.data()) + at, part.data(), part.size());
        at += part.size();
      });
  if (at != bytes) unusable(path_, fmt::format("{} cannot be read", excerpt(dataset)));
  return values;
}

std::vector<std::string> Hdf5File::texts(const std::string& group, const std::string& attribute) const {
  return answer({path_, opened_}, [&](const Reader& reader) { return reader.texts(group, attribute); }, text_of);
}

}  // namespace palimpsest::nn
