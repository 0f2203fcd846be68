#include <algorithm>

#include "base/error.h"
#include "nn/pickle_machine.h"

namespace palimpsest::nn {

bool PickleMachine::constant(std::uint8_t op) {
  switch (op) {
    case 'N':
      push_kind(Kind::none);
      return true;
    case 0x88:
    case 0x89:
      push_kind(Kind::boolean, op == 0x88 ? 1 : 0);
      return true;
    case 0x80:  // protocol
      if (const auto version = bytes_.byte(); version > 5)
        bytes_.unusable(fmt::format("its pickle has the unknown protocol {}", version));
      return true;
    case 0x95:  // a frame, which only groups bytes
      bytes_.skip(8);
      return true;
    default:
      return false;
  }
}

bool PickleMachine::number(std::uint8_t op) {
  switch (op) {
    case 'I': {
      const auto digits = bytes_.line();
      if (digits == "00" || digits == "01")
        push_kind(Kind::boolean, digits == "01" ? 1 : 0);
      else
        push_decimal(digits);
      return true;
    }
    case 'L':
      push_decimal(bytes_.line());
      return true;
    case 'J':
      push_kind(Kind::integer, std::int32_t(std::uint32_t(bytes_.number(4))));
      return true;
    case 'K':
      push_kind(Kind::integer, std::int64_t(bytes_.number(1)));
      return true;
    case 'M':
      push_kind(Kind::integer, std::int64_t(bytes_.number(2)));
      return true;
    case 0x8a:
      push_wide(bytes_.number(1));
      return true;
    case 0x8b:
      push_wide(bytes_.number(4));
      return true;
    case 'F':
      static_cast<void>(bytes_.line());
      push_kind(Kind::real);
      return true;
    case 'G':
      bytes_.skip(8);
      push_kind(Kind::real);
      return true;
    default:
      return false;
  }
}

bool PickleMachine::text(std::uint8_t op) {
  const auto bytes_of = [&](int width) {
    bytes_.skip(bytes_.number(width));
    push_kind(Kind::bytes);
  };
  switch (op) {
    case 'S': {  // quoted; Python 2's
      auto quoted = bytes_.line();
      if (quoted.size() < 2 || quoted.front() != quoted.back()) bytes_.unusable("its pickle has an unquoted string");
      push_text(quoted.substr(1, quoted.size() - 2));
      return true;
    }
    case 'V':
      push_text(bytes_.line());
      return true;
    case 'T':
    case 'X':
      push_text(bytes_.text(bytes_.number(4)));
      return true;
    case 'U':
    case 0x8c:
      push_text(bytes_.text(bytes_.number(1)));
      return true;
    case 0x8d:
      push_text(bytes_.text(bytes_.number(8)));
      return true;
    case 'C':
      bytes_of(1);
      return true;
    case 'B':
      bytes_of(4);
      return true;
    case 0x8e:
    case 0x96:
      bytes_of(8);
      return true;
    default:
      return false;
  }
}

bool PickleMachine::container(std::uint8_t op) {
  switch (op) {
    case ')':
      push_tuple({});
      return true;
    case 0x85:
    case 0x86:
    case 0x87: {
      std::vector<Id> items(op - 0x84U);
      std::generate(items.rbegin(), items.rend(), [&] { return pop(); });
      push_tuple(std::move(items));
      return true;
    }
    case 't':
      push_tuple(pop_to_mark());
      return true;
    case ']':
      push_kind(Kind::list);
      return true;
    case 'l':
      push({Kind::list, 0, {}, pop_to_mark()});
      return true;
    case '}':
      push_kind(Kind::dict);
      return true;
    case 'd': {
      const auto items = pop_to_mark();
      push_kind(Kind::dict);
      add(stack_.back(), items);
      return true;
    }
    case 0x8f:
      push_kind(Kind::set);
      return true;
    case 0x91:
      push({Kind::set, 0, {}, pop_to_mark()});
      return true;
    default:
      return false;
  }
}

bool PickleMachine::addition(std::uint8_t op) {
  switch (op) {
    case 'a': {
      const Id item = pop();
      static_cast<void>(top());
      add(stack_.back(), {item});
      return true;
    }
    case 's': {
      const Id value = pop(), key = pop();
      static_cast<void>(top());
      add(stack_.back(), {key, value});
      return true;
    }
    case 'e':
    case 'u':
    case 0x90: {
      const auto items = pop_to_mark();
      static_cast<void>(top());
      add(stack_.back(), items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::object(std::uint8_t op) {
  switch (op) {
    case 'c':
    case 'i': {
      push_text(bytes_.line());
      push_text(bytes_.line());
      const Id name = pop(), module = pop();
      if (op == 'c') {
        push_global(module, name);
        return true;
      }
      push_tuple(pop_to_mark());
      const Id arguments = pop();
      push_global(module, name);
      push_call(pop(), arguments);
      return true;
    }
    case 0x93: {
      const Id name = pop(), module = pop();
      if (values_[name].kind != Kind::text || values_[module].kind != Kind::text)
        bytes_.unusable("its pickle has a class whose name is not text");
      push_global(module, name);
      return true;
    }
    case 'R':
    case 0x81: {
      const Id arguments = pop(), called = pop();
      push_call(called, arguments);
      return true;
    }
    case 0x92: {
      static_cast<void>(pop());  // arguments by name
      const Id arguments = pop(), called = pop();
      push_call(called, arguments);
      return true;
    }
    case 'o': {
      auto items = pop_to_mark();
      if (items.empty()) bytes_.unusable("its pickle makes an object without a class");
      const Id called = items.front();
      items.erase(items.begin());
      push_tuple(std::move(items));
      push_call(called, pop());
      return true;
    }
    case 'b': {
      const Id state = pop();
      static_cast<void>(top());
      set_state(stack_.back(), state);
      return true;
    }
    case 'Q': {
      const Id identity = pop();
      push({Kind::persistent, 0, {}, {identity}});
      return true;
    }
    case 'P':
      push_text(bytes_.line());
      push({Kind::persistent, 0, {}, {pop()}});
      return true;
    default:
      return false;
  }
}

bool PickleMachine::stack(std::uint8_t op) {
  switch (op) {
    case '(':
      push_mark();
      return true;
    case '0':
      if (!marks_.empty() && marks_.back() == stack_.size())
        marks_.pop_back();
      else
        static_cast<void>(pop());
      return true;
    case '1':
      static_cast<void>(pop_to_mark());
      return true;
    case '2':
      static_cast<void>(top());
      push_shared(stack_.back());
      return true;
    default:
      return false;
  }
}

bool PickleMachine::memo(std::uint8_t op) {
  switch (op) {
    case 'p':
      store(decimal_place());
      return true;
    case 'q':
      store(bytes_.number(1));
      return true;
    case 'r':
      store(bytes_.number(4));
      return true;
    case 0x94:
      store(memoized_);
      return true;
    case 'g':
      recall(decimal_place());
      return true;
    case 'h':
      recall(bytes_.number(1));
      return true;
    case 'j':
      recall(bytes_.number(4));
      return true;
    default:
      return false;
  }
}

}  // namespace palimpsest::nn
