#pragma once
// Asynchronous copies that threads have issued and not yet waited for, kept by thread of the block.
namespace palimpsest::simt {

void start_copies(unsigned threads);
// A thread that exits with copies that it never waited for.
void require_no_copies(unsigned thread);

}  // namespace palimpsest::simt
