#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "nn/pickle.h"

namespace palimpsest::nn {

// Runs the opcodes of a pickle, which are listed in Python's pickletools. The only calls with an effect are those that
// make an empty dict: OrderedDict and defaultdict.
class PickleMachine {
 public:
  PickleMachine(PickleBytes& bytes, std::deque<Pickle::Value>& values) : bytes_(bytes), values_(values) {}
  Pickle::Id run();  // the value that is left at the end

 private:
  using Id = Pickle::Id;
  using Kind = Pickle::Kind;
  using Value = Pickle::Value;

  // Each performs the opcodes of one family and returns false for others (pickle_opcodes.cpp).
  bool constant(std::uint8_t op);
  bool number(std::uint8_t op);
  bool text(std::uint8_t op);
  bool container(std::uint8_t op);
  bool addition(std::uint8_t op);
  bool object(std::uint8_t op);
  bool stack(std::uint8_t op);
  bool memo(std::uint8_t op);

  void push(Value value);
  void push_kind(Kind kind, std::int64_t number = 0) { push({kind, number, {}, {}}); }
  void push_text(std::string text) { push({Kind::text, 0, std::move(text), {}}); }
  void push_shared(Id id);
  void push_mark();
  void push_decimal(std::string digits);
  void push_wide(std::uint64_t length);
  void push_tuple(std::vector<Id> items) { push({Kind::tuple, 0, {}, std::move(items)}); }
  void push_global(Id module, Id name) { push({Kind::global, 0, {}, {module, name}}); }
  void push_call(Id called, Id arguments);
  void set_state(Id id, Id state);
  void add(Id id, const std::vector<Id>& items);
  bool makes_dict(Id called) const;

  Id pop();
  std::vector<Id> pop_to_mark();
  Value& top();
  void store(std::uint64_t place);
  void recall(std::uint64_t place);
  std::uint64_t decimal_place();
  void spend(std::uint64_t steps);

  PickleBytes& bytes_;
  std::deque<Value>& values_;
  std::vector<Id> stack_, memo_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::uint64_t steps_ = 0, memoized_ = 0;
};

}  // namespace palimpsest::nn
