#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/pickle_bytes.h"

namespace palimpsest::nn {

// A Python pickle (protocols 0 to 5) as data. Nothing is called or imported: a call stays a record of what the pickle
// asks for. Values refer to each other by number, so that what is shared in the pickle is shared here; one may contain
// itself. Time and memory are linear in the pickle's size, with limits on both.
class Pickle {
 public:
  using Id = std::uint32_t;
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    wide_integer,  // more than 64 bits
    real,
    text,
    bytes,
    tuple,
    list,
    set,
    dict,
    global,      // a class or function by name
    call,        // of a global or of another value; also an object of a class
    persistent,  // a reference to something outside the pickle
  };
  struct Value {
    Kind kind = Kind::none;
    std::int64_t number = 0;  // boolean, integer
    std::string text;         // text; of a wide integer its bytes, little endian, or its digits
    // tuple, list, set: the elements. dict: key, value, key, value, ... as they were set. global: module, name.
    // call: what is called, the tuple of arguments, and the state set afterwards if any. persistent: its identity.
    std::vector<Id> items;
  };

  explicit Pickle(PickleBytes& bytes);  // reads one pickle, up to its end; throws Error naming the file

  Id top() const { return top_; }
  const Value& at(Id id) const { return values_[id]; }
  const Value& at(const Value& container, std::size_t item) const { return values_[container.items[item]]; }
  const std::deque<Value>& values() const { return values_; }

  bool names(const Value& value, std::string_view module, std::string_view name) const;  // a global of this name
  std::string class_name(const Value& value) const;  // "module.name" of a global, or of what a call makes, shortened
  std::optional<Id> entry(const Value& dict, std::string_view key) const;  // the last with this key

 private:
  friend class PickleMachine;
  std::deque<Value> values_;  // growing moves nothing
  Id top_ = 0;
};

}  // namespace palimpsest::nn
