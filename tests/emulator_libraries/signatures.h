#pragma once
// One line for every name, so that two programs, compiled from the same list against two sets of headers, can be
// compared with diff: the emulator's own declarations and NVIDIA's.
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

template <class T>
std::string type_name() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("T = ") + 4;
  return std::string(text.substr(begin, text.find_first_of(";]", begin) - begin));
}

template <class T>
void print_type(const char* name) {
  std::printf("%s: %s\n", name, type_name<T>().c_str());
}

// An enumerator's own type is part of what it is; a macro is a number.
template <class T>
void print_value(const char* name, T value) {
  if constexpr (std::is_enum_v<T>)
    std::printf("%s: %s = ", name, type_name<T>().c_str());
  else
    std::printf("%s = ", name);
  std::printf("%lld\n", static_cast<long long>(value));
}

template <class T>
void print_layout(const char* name) {
  std::printf("%s: %zu bytes, alignment %zu\n", name, sizeof(T), alignof(T));
}

#define FUNCTION(name) print_type<decltype(&(name))>(#name);
#define VALUE(name) print_value(#name, name);
#define TYPE(name) print_type<name>(#name);
#define LAYOUT(name) print_layout<name>(#name);
// A member at the same offset, and one with only the same type (if the emulator's structure is a part).
#define MEMBER(type, member)                                                                      \
  std::printf("%s::%s: %s at %zu\n", #type, #member, type_name<decltype(type::member)>().c_str(), \
              offsetof(type, member));
#define MEMBER_TYPE(type, member) print_type<decltype(type::member)>(#type "::" #member);
