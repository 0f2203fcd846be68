#pragma once
// Findings: the emulator's messages, and how it ends the program.
#include <source_location>
#include <string>

#include "simt/vectors.h"

namespace palimpsest::simt {

std::string text(const uint3& index);                // (1,0,0)
std::string text(const std::source_location& site);  // reduce.cu:42
bool same_line(const std::source_location& a, const std::source_location& b);

// "kernel scale<4> (launched at x.cu:12), block (1,0,0), thread (3,0,0)" while a kernel runs, else the running
// host-side work, else empty.
std::string running();

}  // namespace palimpsest::simt
