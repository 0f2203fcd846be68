#pragma once
// Host memory that a kernel's code may access: its own stack, its arguments, constants and static tables.

namespace palimpsest::simt {

bool kernel_may_touch(const void* address);

}  // namespace palimpsest::simt
