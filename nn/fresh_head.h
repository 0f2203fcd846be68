#pragma once
#include <memory>
#include <string>
#include <vector>

#include "data/examples.h"
#include "nn/network.h"

namespace palimpsest::nn {

// Prepares newly initialised layers of a head for the features that it will see, which may be hundreds of times larger
// than He initialisation assumes: SGD at the usual rates would diverge, or leave the last block dead. Each inner layer
// is scaled so that its outputs before ReLU have variance 1 on up to 64 pictures, spread evenly over the examples, as
// in Mishkin and Matas, "All you need is a good init" (ICLR 2016, algorithm 1, without its orthonormal start); the last
// layer becomes zero. A layer that sees only zeros is left as it is. The batch is that of the forward passes.
//
// taken: names of parameters that are not new. Throws Error where a feature is not finite.
void fit_fresh_layers(Network& network, const std::vector<std::string>& taken,
                      std::shared_ptr<const data::Examples> examples, const Normalisation& normalisation, int batch);

}  // namespace palimpsest::nn
