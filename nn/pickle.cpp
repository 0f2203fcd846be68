#include "nn/pickle.h"

#include "base/excerpt.h"
#include "nn/pickle_machine.h"

namespace palimpsest::nn {

Pickle::Pickle(PickleBytes& bytes) {
  PickleMachine machine(bytes, values_);
  top_ = machine.run();
}

bool Pickle::names(const Value& value, std::string_view module, std::string_view name) const {
  return value.kind == Kind::global && at(value, 0).text == module && at(value, 1).text == name;
}

std::string Pickle::class_name(const Value& value) const {
  const Value* named = &value;
  if (value.kind == Kind::call) {
    named = &at(value, 0);
    // These make an object of the class that is their first argument.
    const Value& arguments = at(value, 1);
    const bool maker = names(*named, "copyreg", "_reconstructor") || names(*named, "copy_reg", "_reconstructor") ||
                       names(*named, "copyreg", "__newobj__") || names(*named, "copyreg", "__newobj_ex__") ||
                       (named->kind == Kind::global && at(*named, 1).text == "_reconstruct");  // NumPy's
    if (maker && arguments.kind == Kind::tuple && !arguments.items.empty()) named = &at(arguments, 0);
  }
  // PyTorch kept the class of a module, with its source, outside the pickle.
  if (named->kind == Kind::persistent && at(*named, 0).items.size() > 1) named = &at(at(*named, 0), 1);
  if (named->kind != Kind::global) return "an unnamed class";
  return excerpt(at(*named, 0).text, 60) + "." + excerpt(at(*named, 1).text, 40);
}

std::optional<Pickle::Id> Pickle::entry(const Value& dict, std::string_view key) const {
  for (std::size_t i = dict.items.size(); i >= 2; i -= 2)
    if (const Value& k = at(dict, i - 2); k.kind == Kind::text && k.text == key) return dict.items[i - 1];
  return std::nullopt;
}

}  // namespace palimpsest::nn
