#pragma once
#include "base/files.h"

namespace palimpsest::nn {

// Throws Error when a file, or folder, is weights in an unsupported format (PyTorch's, ONNX, a .keras archive, ...)
// or a substitute for weights (a Git LFS pointer, an error page, a sharded file's index). It is identified by its
// bytes, not its name. The remedy is the command that converts it, if one exists. Does nothing for a file that starts
// like safetensors, for one that is missing, and for unknown bytes.
void refuse_other_formats(const fs::path& path);

}  // namespace palimpsest::nn
