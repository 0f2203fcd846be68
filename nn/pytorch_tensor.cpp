#include "nn/pytorch_tensor.h"

#include <array>
#include <string_view>

#include "base/dtype.h"

namespace palimpsest::nn {

namespace {

using Value = Pickle::Value;
using Kind = Pickle::Kind;

constexpr std::size_t kMostAxes = 64;  // PyTorch's own limit
constexpr std::size_t kMostKey = 100;  // keys are numbers or addresses
constexpr int kMostWrappers = 8;       // a parameter of a tensor of a type

struct TypeName {
  std::string_view storage, dtype, name;  // torch.FloatStorage, torch.float32, F32
  int bytes;
};
constexpr std::array<TypeName, 24> kTypes{{{"FloatStorage", "float32", "F32", 4},
                                           {"DoubleStorage", "float64", "F64", 8},
                                           {"HalfStorage", "float16", "F16", 2},
                                           {"BFloat16Storage", "bfloat16", "BF16", 2},
                                           {"LongStorage", "int64", "I64", 8},
                                           {"IntStorage", "int32", "I32", 4},
                                           {"ShortStorage", "int16", "I16", 2},
                                           {"CharStorage", "int8", "I8", 1},
                                           {"ByteStorage", "uint8", "U8", 1},
                                           {"BoolStorage", "bool", "BOOL", 1},
                                           {"UntypedStorage", "", "U8", 1},
                                           {"_UntypedStorage", "", "U8", 1},
                                           {"", "uint16", "U16", 2},
                                           {"", "uint32", "U32", 4},
                                           {"", "uint64", "U64", 8},
                                           {"", "float8_e4m3fn", "F8_E4M3", 1},
                                           {"", "float8_e5m2", "F8_E5M2", 1},
                                           {"ComplexFloatStorage", "complex64", "complex64", 8},
                                           {"ComplexDoubleStorage", "complex128", "complex128", 16},
                                           {"QInt8Storage", "qint8", "quantised", 1},
                                           {"QUInt8Storage", "quint8", "quantised", 1},
                                           {"QInt32Storage", "qint32", "quantised", 4},
                                           {"QUInt4x2Storage", "quint4x2", "quantised", 1},
                                           {"QUInt2x4Storage", "quint2x4", "quantised", 1}}};

const TypeName* type_named(std::string_view TypeName::* kind, std::string_view name) {
  for (const auto& type : kTypes)
    if (!name.empty() && type.*kind == name) return &type;
  return nullptr;
}

std::string_view global_name(const Pickle& pickle, const Value& value) {
  return value.kind == Kind::global ? std::string_view(pickle.at(value, 1).text) : std::string_view();
}

std::string_view global_module(const Pickle& pickle, const Value& value) {
  return value.kind == Kind::global ? std::string_view(pickle.at(value, 0).text) : std::string_view();
}

std::optional<std::vector<std::int64_t>> whole_numbers(const Pickle& pickle, const Value& value) {
  const Value* list = &value;
  if (value.kind == Kind::call && pickle.names(pickle.at(value, 0), "torch", "Size")) {
    const Value& arguments = pickle.at(value, 1);
    if (arguments.items.size() != 1) return std::nullopt;
    list = &pickle.at(arguments, 0);
  }
  if ((list->kind != Kind::tuple && list->kind != Kind::list) || list->items.size() > kMostAxes) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const auto id : list->items) {
    if (pickle.at(id).kind != Kind::integer) return std::nullopt;
    numbers.push_back(pickle.at(id).number);
  }
  return numbers;
}

// The dtype of an argument such as torch.float32; a type that is unknown here keeps PyTorch's name.
std::string dtype_named(const Pickle& pickle, const Value& value) {
  const auto name = global_name(pickle, value);
  const auto* const type = type_named(&TypeName::dtype, name);
  return type ? std::string(type->name) : std::string(name.substr(0, 40));
}

// (storage, offset, sizes, strides, ...), and after two more a dtype in the third version.
std::optional<PytorchTensor> strided(const Pickle& pickle, const Value& arguments, bool has_dtype) {
  if (arguments.items.size() < (has_dtype ? 7 : 4)) return std::nullopt;
  auto storage = storage_of(pickle, pickle.at(arguments, 0));
  const Value& offset = pickle.at(arguments, 1);
  auto sizes = whole_numbers(pickle, pickle.at(arguments, 2)), strides = whole_numbers(pickle, pickle.at(arguments, 3));
  if (!storage || offset.kind != Kind::integer || !sizes || !strides) return std::nullopt;
  PytorchTensor tensor{*storage, storage->dtype, offset.number, std::move(*sizes), std::move(*strides)};
  tensor.dense = tensor.dtype != "quantised";
  if (has_dtype) tensor.dtype = dtype_named(pickle, pickle.at(arguments, 6));
  // Signs or conjugates that are still to be applied to the values.
  const std::size_t metadata = has_dtype ? 7 : 6;
  if (arguments.items.size() > metadata && !pickle.at(arguments, metadata).items.empty()) {
    tensor.dense = false;
    tensor.dtype = "lazily negated";
  }
  return tensor;
}

std::optional<PytorchTensor> without_array(const Pickle& pickle, std::string dtype, const Value* sizes) {
  PytorchTensor tensor;
  tensor.dtype = std::move(dtype);
  tensor.dense = false;
  if (sizes) tensor.sizes = whole_numbers(pickle, *sizes).value_or(std::vector<std::int64_t>{});
  return tensor;
}

std::optional<PytorchTensor> made_by(const Pickle& pickle, const Value& called, const Value& arguments, int wrappers) {
  if (called.kind != Kind::global || arguments.kind != Kind::tuple || wrappers > kMostWrappers) return std::nullopt;
  const auto name = global_name(pickle, called);
  const auto given = arguments.items.size();
  if (name == "_rebuild_tensor" || name == "_rebuild_tensor_v2") return strided(pickle, arguments, false);
  if (name == "_rebuild_tensor_v3") return strided(pickle, arguments, true);
  const bool parameter = name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state" ||
                         name == "Parameter" || name == "Variable";
  if (parameter && given > 0) {
    const Value& inner = pickle.at(arguments, 0);
    if (inner.kind != Kind::call) return std::nullopt;
    return made_by(pickle, pickle.at(inner, 0), pickle.at(inner, 1), wrappers + 1);
  }
  if (name == "_rebuild_from_type_v2" && given >= 3)
    return made_by(pickle, pickle.at(arguments, 0), pickle.at(arguments, 2), wrappers + 1);
  if (name == "_rebuild_sparse_tensor" && given == 2) {
    const Value& parts = pickle.at(arguments, 1);
    return without_array(pickle, "sparse", parts.items.size() > 2 ? &pickle.at(parts, 2) : nullptr);
  }
  if (name == "_rebuild_qtensor" && given > 2) return without_array(pickle, "quantised", &pickle.at(arguments, 2));
  if (name == "_rebuild_meta_tensor_no_storage" && given > 1)
    return without_array(pickle, "without values", &pickle.at(arguments, 1));
  return without_array(pickle, std::string(name.substr(0, 40)), nullptr);
}

}  // namespace

bool is_tensor(const Pickle& pickle, const Value& value) {
  if (value.kind != Kind::call) return false;
  const Value& called = pickle.at(value, 0);
  const auto module = global_module(pickle, called);
  if (module == "torch._utils" || module == "torch._tensor")
    return global_name(pickle, called).starts_with("_rebuild_");
  return pickle.names(called, "torch.nn.parameter", "Parameter") ||
         pickle.names(called, "torch.autograd.variable", "Variable");
}

std::optional<PytorchTensor> tensor_of(const Pickle& pickle, const Value& value) {
  if (!is_tensor(pickle, value)) return std::nullopt;
  return made_by(pickle, pickle.at(value, 0), pickle.at(value, 1), 0);
}

// ("storage", class, key, device, elements), and before version 1.6 the view: None or (key, first, elements).
std::optional<PytorchStorage> storage_of(const Pickle& pickle, const Value& value) {
  if (value.kind != Kind::persistent) return std::nullopt;
  const Value& identity = pickle.at(value, 0);
  if (identity.kind != Kind::tuple || identity.items.size() < 5 || identity.items.size() > 6) return std::nullopt;
  const Value &key = pickle.at(identity, 2), &count = pickle.at(identity, 4), &kind = pickle.at(identity, 1);
  const auto* const type = type_named(&TypeName::storage, global_name(pickle, kind));
  const auto module = global_module(pickle, kind);
  const bool known = type && (module == "torch" || module == "torch.cuda" || module == "torch.storage");
  if (pickle.at(identity, 0).text != "storage" || !known || key.kind != Kind::text || key.text.size() > kMostKey ||
      count.kind != Kind::integer || count.number < 0)
    return std::nullopt;
  PytorchStorage storage{key.text, std::string(type->name), type->bytes, count.number, 0, count.number};
  if (identity.items.size() == 5 || pickle.at(identity, 5).kind == Kind::none) return storage;
  const Value& view = pickle.at(identity, 5);
  if (view.items.size() != 3) return std::nullopt;
  const Value &first = pickle.at(view, 1), &viewed = pickle.at(view, 2);
  const bool inside = first.kind == Kind::integer && viewed.kind == Kind::integer && first.number >= 0 &&
                      viewed.number >= 0 && first.number <= count.number &&
                      viewed.number <= count.number - first.number;
  if (!inside) return std::nullopt;
  storage.begin = first.number;
  storage.viewed = viewed.number;
  return storage;
}

}  // namespace palimpsest::nn
