#include "nn/pickle_machine.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/error.h"

namespace palimpsest::nn {

namespace {
// Far above what files hold: a few thousand values for each hundred tensors.
constexpr std::uint64_t kMostSteps = 20'000'000;
constexpr std::size_t kMostValues = 2'000'000;  // also of the stack and the memo
constexpr auto kUnset = std::numeric_limits<Pickle::Id>::max();
}  // namespace

Pickle::Id PickleMachine::run() {
  while (true) {
    spend(1);
    const std::uint8_t op = bytes_.byte();
    if (op == '.') {
      if (!marks_.empty()) bytes_.unusable("its pickle ends inside a list");
      return pop();
    }
    const bool known =
        constant(op) || number(op) || text(op) || container(op) || addition(op) || object(op) || stack(op) || memo(op);
    if (!known)
      bytes_.unusable(fmt::format("its pickle has the unknown opcode {:#04x} at byte {}", op, bytes_.position() - 1));
  }
}

void PickleMachine::spend(std::uint64_t steps) {
  steps_ += steps;
  if (steps_ > kMostSteps) bytes_.unusable(fmt::format("its pickle takes more than {} steps", kMostSteps));
}

void PickleMachine::push(Value value) {
  if (values_.size() >= kMostValues) bytes_.unusable(fmt::format("its pickle has more than {} values", kMostValues));
  values_.push_back(std::move(value));
  push_shared(Id(values_.size() - 1));
}

void PickleMachine::push_mark() {
  if (marks_.size() >= kMostValues) bytes_.unusable(fmt::format("its pickle has more than {} marks", kMostValues));
  marks_.push_back(stack_.size());
}

void PickleMachine::push_shared(Id id) {
  if (stack_.size() >= kMostValues) bytes_.unusable(fmt::format("its pickle stacks more than {} values", kMostValues));
  stack_.push_back(id);
}

PickleMachine::Id PickleMachine::pop() {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor)
    bytes_.unusable(fmt::format("its pickle lacks a value at byte {}", bytes_.position() - 1));
  const Id id = stack_.back();
  stack_.pop_back();
  return id;
}

PickleMachine::Value& PickleMachine::top() {
  const Id id = pop();
  stack_.push_back(id);
  return values_[id];
}

std::vector<PickleMachine::Id> PickleMachine::pop_to_mark() {
  if (marks_.empty()) bytes_.unusable(fmt::format("its pickle lacks a mark at byte {}", bytes_.position() - 1));
  const auto from = stack_.begin() + std::ptrdiff_t(marks_.back());
  std::vector<Id> items(from, stack_.end());
  stack_.erase(from, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleMachine::push_decimal(std::string digits) {
  if (digits.ends_with('L')) digits.pop_back();
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, value);
  if (stop != end || digits.empty()) bytes_.unusable("its pickle has a number that is not one");
  if (code == std::errc()) return push_kind(Kind::integer, value);
  push({Kind::wide_integer, 0, std::move(digits), {}});
}

// Two's complement.
void PickleMachine::push_wide(std::uint64_t length) {
  std::string bytes = bytes_.text(length);
  if (length > 8) return push({Kind::wide_integer, 0, std::move(bytes), {}});
  const bool negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::uint8_t(bytes[i]);
  push_kind(Kind::integer, std::int64_t(value));
}

// What is added to an object of an unknown class is dropped.
void PickleMachine::add(Id id, const std::vector<Id>& items) {
  Value& container = values_[id];
  if (container.kind == Kind::dict && items.size() % 2 != 0) bytes_.unusable("its pickle has a key without a value");
  const bool holds = container.kind == Kind::list || container.kind == Kind::set || container.kind == Kind::dict;
  if (holds)
    container.items.insert(container.items.end(), items.begin(), items.end());
  else if (container.kind != Kind::call)
    bytes_.unusable(fmt::format("its pickle adds to what holds nothing at byte {}", bytes_.position() - 1));
}

bool PickleMachine::makes_dict(Id called) const {
  const Value& global = values_[called];
  if (global.kind != Kind::global || values_[global.items[0]].text != "collections") return false;
  const auto& name = values_[global.items[1]].text;
  return name == "OrderedDict" || name == "defaultdict";
}

void PickleMachine::push_call(Id called, Id arguments) {
  if (!makes_dict(called)) return push({Kind::call, 0, {}, {called, arguments}});
  Value dict{Kind::dict, 0, {}, {}};
  const Value& given = values_[arguments];
  // Python 2 gives OrderedDict a list of pairs.
  if (given.kind == Kind::tuple && given.items.size() == 1)
    if (const Value& pairs = values_[given.items[0]]; pairs.kind == Kind::list)
      for (const Id pair : pairs.items) {
        spend(1);
        const auto& both = values_[pair].items;
        if (both.size() != 2) bytes_.unusable("its pickle makes a dict of what are not pairs");
        dict.items.insert(dict.items.end(), both.begin(), both.end());
      }
  push(std::move(dict));
}

// A dict's or list's attributes (a state dict's _metadata) have no meaning here.
void PickleMachine::set_state(Id id, Id state) {
  Value& object = values_[id];
  if (object.kind != Kind::call) return;
  object.items.resize(2);
  object.items.push_back(state);
}

void PickleMachine::store(std::uint64_t place) {
  static_cast<void>(top());
  if (place >= kMostValues) bytes_.unusable(fmt::format("its pickle remembers more than {} values", kMostValues));
  if (place >= memo_.size()) memo_.resize(std::size_t(place) + 1, kUnset);
  memoized_ += memo_[std::size_t(place)] == kUnset ? 1 : 0;
  memo_[std::size_t(place)] = stack_.back();
}

void PickleMachine::recall(std::uint64_t place) {
  if (place >= memo_.size() || memo_[std::size_t(place)] == kUnset)
    bytes_.unusable(
        fmt::format("its pickle refers to a value that it does not have at byte {}", bytes_.position() - 1));
  push_shared(memo_[std::size_t(place)]);
}

std::uint64_t PickleMachine::decimal_place() {
  push_decimal(bytes_.line());
  const Value& value = values_[pop()];
  if (value.kind != Kind::integer || value.number < 0) bytes_.unusable("its pickle has a reference below 0");
  return std::uint64_t(value.number);
}

}  // namespace palimpsest::nn
