#pragma once
// Products of warpgroups under way, and their registers.
namespace palimpsest::simt {

void start_products();
// A thread that exits before its products are complete.
void require_no_products(unsigned thread);
// At the block's end: what its warpgroups have asked for must exist.
void check_registers();

}  // namespace palimpsest::simt
