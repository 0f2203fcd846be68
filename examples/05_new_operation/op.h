#pragma once
#include "ops/tensor.h"
#include "tests/support/reference_ops.h"

// A skeleton for a new operation, to copy: each file of this folder says where its like is in the library. The
// operation is the leaky ReLU.
namespace palimpsest {

// The contract (in the library: a header of ops/), with formula, shapes, and what is ensured:
//
//   to[i] = from[i] where x[i] > 0, else slope * from[i]
//
// from = x: the forward pass y. from = dy: the backward pass dx. All three have the same shape and layout, activation
// or matrix; `to` may be one of the others. Padding stays zero.
//
// A pure virtual function of Device (ops/device.h) follows from it:
//
//   virtual void leaky_relu(const Tensor& x, const Tensor& from, float slope, const Tensor& to) = 0;
//
// The skeleton leaves Device alone. In its place each version has a function that takes its values from the host.
using Floats = std::vector<float>;
Floats leaky_relu_on_cpu(const Shape& shape, Layout layout, const Floats& x, const Floats& from, float slope);
Floats leaky_relu_on_cuda(const Shape& shape, Layout layout, const Floats& x, const Floats& from, float slope);

namespace reference {
Values leaky_relu(const Values& x, const Values& from, double slope);
}

}  // namespace palimpsest
