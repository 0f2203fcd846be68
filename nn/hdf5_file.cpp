#include "nn/hdf5_file.h"

#include <hdf5.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/excerpt.h"

namespace palimpsest::nn {

namespace {

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

Hdf5File::Hdf5File(const fs::path& path) : path_(path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // our own errors suffice
  file_ = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file_ < 0) unusable("it is damaged or cut short");
}

Hdf5File::~Hdf5File() {
  if (file_ >= 0) H5Fclose(file_);
}

void Hdf5File::unusable(const std::string& why) const {
  throw Error(fmt::format("{} is not a usable Keras file: {}", path_.string(), why),
              "save the weights of a keras.applications VGG16 again with save_weights, or copy the file again");
}

std::vector<Hdf5File::Object> Hdf5File::objects() const {
  std::vector<std::string> names;
  if (H5Lvisit(file_, H5_INDEX_NAME, H5_ITER_INC, collect, &names) < 0) unusable("it is damaged or cut short");
  std::vector<Object> objects;
  objects.reserve(names.size());
  for (const auto& name : names) objects.push_back(describe(name));
  return objects;
}

Hdf5File::Object Hdf5File::describe(const std::string& name) const {
  Object object{name, false, {}};
  const Handle opened(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!opened) unusable(fmt::format("{} is damaged", excerpt(name)));
  object.data = H5Iget_type(opened) == H5I_DATASET;
  if (!object.data) return object;
  const Handle space(H5Dget_space(opened), H5Sclose), type(H5Dget_type(opened), H5Tclose);
  if (!space || !type) unusable(fmt::format("{} is damaged", excerpt(name)));
  object.info.dtype = type_name(type);
  const int axes = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> extents(std::size_t(std::max(axes, 0)));
  if (axes < 0 || (axes > 0 && H5Sget_simple_extent_dims(space, extents.data(), nullptr) < 0))
    unusable(fmt::format("{} is damaged", excerpt(name)));
  if (H5Sget_simple_extent_type(space) == H5S_NULL) extents.push_back(0);
  std::int64_t count = 1;
  for (const hsize_t extent : extents) {
    if (extent > hsize_t{1} << 40 || __builtin_mul_overflow(count, std::int64_t(extent), &count))
      unusable(fmt::format("{} has a shape that no file can hold", excerpt(name)));
    object.info.shape.push_back(std::int64_t(extent));
  }
  return object;
}

void Hdf5File::require_weights(const Object& object) const {
  const std::string name = excerpt(object.name);
  const auto& [dtype, shape] = object.info;
  if (!dtype.starts_with('F')) unusable(fmt::format("{} does not hold floats", name));
  if (shape.empty() || shape.size() > 4) unusable(fmt::format("{} has {} axes", name, shape.size()));
  std::int64_t count = 1;
  for (const auto extent : shape)
    if (extent == 0 || extent > 1 << 30 || __builtin_mul_overflow(count, extent, &count) || count > 1 << 30)
      unusable(fmt::format("{} has a shape that no VGG16 has", name));
  require_inside(object.name);
}

void Hdf5File::require_inside(const std::string& dataset) const {
  const Handle opened(H5Dopen2(file_, dataset.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle properties(opened ? H5Dget_create_plist(opened) : -1, H5Pclose);
  if (!properties) unusable(fmt::format("{} is damaged", excerpt(dataset)));
  if (H5Pget_external_count(properties) != 0 || H5Pget_layout(properties) == H5D_VIRTUAL)
    unusable(fmt::format("{} keeps its values in another file", excerpt(dataset)));
}

std::vector<float> Hdf5File::read_floats(const std::string& dataset, std::int64_t count) const {
  require_inside(dataset);
  const Handle opened(H5Dopen2(file_, dataset.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle space(opened ? H5Dget_space(opened) : -1, H5Sclose);
  std::vector<float> values(static_cast<std::size_t>(count));
  if (!space || H5Sget_simple_extent_npoints(space) != count ||
      H5Dread(opened, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    unusable(fmt::format("{} cannot be read", excerpt(dataset)));
  return values;
}

std::vector<std::string> Hdf5File::texts(const std::string& group, const std::string& attribute) const {
  const std::string object = group.empty() ? "." : group;
  if (H5Aexists_by_name(file_, object.c_str(), attribute.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle opened(H5Aopen_by_name(file_, object.c_str(), attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!opened) return {};
  const Handle type(H5Aget_type(opened), H5Tclose), space(H5Aget_space(opened), H5Sclose);
  if (!type || !space || H5Tget_class(type) != H5T_STRING) return {};
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || std::size_t(count) > most_names) return {};
  return H5Tis_variable_str(type) > 0 ? variable_texts(opened, type, space, std::size_t(count))
                                      : fixed_texts(opened, type, std::size_t(count));
}

}  // namespace palimpsest::nn
