#pragma once
// A product's factors in shared memory, as its matrix descriptors describe them (PTX ISA, "Matrix descriptor" of
// wgmma).
#include "simt/warpgroup.h"

namespace palimpsest::simt {

constexpr unsigned kTerms = 16;  // of a product

// Reads `lines` rows of the left factor, or columns of the right one, term by term: term k of line i goes to
// values[i * line_pitch + k * term_pitch]. Line i is read for the thread reader(i / 8), a lane of the warp whose
// product needs it.
struct Gathered {
  float* values;
  unsigned lines, line_pitch, term_pitch;
};
void gather(std::uint64_t descriptor, Along along, const Gathered& to, unsigned (*reader)(unsigned group),
            unsigned first_thread, const char* factor, const Site& site);

}  // namespace palimpsest::simt
