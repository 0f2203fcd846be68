#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "data/augment.h"

namespace palimpsest::data {

// The source of a Loader's batches: labelled inputs of one size. Immutable, so threads may share it.
class Examples {
 public:
  virtual ~Examples() = default;

  virtual int count() const = 0;
  virtual int height() const = 0;
  virtual int width() const = 0;
  virtual int label(int index) const = 0;  // -1: none
  virtual std::string id(int index) const = 0;

  // The example as bytes, height x width x 3 (R, G, B), for a device to augment and normalise; null for every index if
  // only fill() is available.
  virtual const std::uint8_t* pixels(int /*index*/) const { return nullptr; }

  // Writes 3 x height x width floats, transformed and, except for arrays, normalised. requires: 0 <= index < count().
  virtual void fill(int index, const Transform& transform, const Normalisation& normalisation, float* out) const = 0;
};

}  // namespace palimpsest::data
