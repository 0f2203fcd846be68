"""How many blocks of a kernel fit on a multiprocessor, as the toolkit's cuda_occupancy.h computes it."""

# Of one multiprocessor, by architecture: warps, blocks, KiB of shared memory, and of those kept back for each block
# (CUDA C++ Programming Guide, "Compute Capabilities"; the toolkit's cuda_occupancy.h).
LIMITS = {
    "75": (32, 16, 64, 0), "80": (64, 32, 164, 1), "86": (48, 16, 100, 1), "89": (48, 24, 100, 1),
    "90": (64, 32, 228, 1), "100": (64, 32, 228, 1), "120": (48, 24, 100, 1),
}
REGISTERS, PARTITIONS, WARP_GRANULE = 65536, 4, 256


def round_up(value, multiple):
    return -(-value // multiple) * multiple


def warps_of(threads):
    return -(-threads // 32)


def blocks_per_multiprocessor(architecture, threads, registers, shared):
    warps, blocks, kilobytes, reserved = LIMITS[architecture]
    fits = [blocks, warps // warps_of(threads)]
    if registers:
        per_partition = REGISTERS // PARTITIONS // round_up(registers * 32, WARP_GRANULE)
        fits.append(per_partition * PARTITIONS // warps_of(threads))
    bytes_of_block = round_up(shared + 1024 * reserved, 256 if architecture == "75" else 128)
    if bytes_of_block:
        fits.append(1024 * kilobytes // bytes_of_block)
    return min(fits)


def occupancy(architecture, threads, registers, shared):
    """Share of a multiprocessor's warps that are resident when blocks of this kernel fill it."""
    return blocks_per_multiprocessor(architecture, threads, registers, shared) * warps_of(threads) / LIMITS[architecture][0]
