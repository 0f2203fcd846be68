#pragma once
#include "base/files.h"

namespace palimpsest::nn {

// Whether a file is torch.save's, in the form of a zip archive or before it. By its contents; a TorchScript archive is
// not one.
bool is_pytorch(const fs::path& path);

bool is_keras_archive(const fs::path& path);  // by its contents

// Throws Error when a file, or folder, is weights in an unsupported format (TorchScript, ONNX, ...)
// or a substitute for weights (a Git LFS pointer, an error page, a sharded file's index). It is identified by its
// bytes, not its name. The remedy is the command that converts it, if one exists. Does nothing for a file that starts
// like safetensors, for PyTorch's and .keras archives, for one that is missing, and for unknown bytes.
void refuse_other_formats(const fs::path& path);

}  // namespace palimpsest::nn
