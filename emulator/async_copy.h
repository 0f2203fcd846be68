#pragma once
// Pending asynchronous copies, by thread of the block.
namespace palimpsest::simt {

void start_copies(unsigned threads);
// A thread that exits with pending copies.
void require_no_copies(unsigned thread);

}  // namespace palimpsest::simt
