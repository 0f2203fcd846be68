#pragma once
#include "base/files.h"

namespace palimpsest {

// Throws Error when a file, or folder, is weights in a format that is not read (PyTorch's, ONNX, a .keras archive, ...)
// or something that came in place of weights (a Git LFS pointer, an error page, a sharded file's index). It is known by
// its bytes, whatever its name. The remedy is the line that converts it where there is one. Says nothing of a file that
// begins as safetensors does, of one that is not there, and of bytes that mean nothing.
void refuse_other_formats(const fs::path& path);

}  // namespace palimpsest
