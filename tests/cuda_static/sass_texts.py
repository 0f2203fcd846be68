"""Machine code as nvdisasm prints it, for the tests: small kernels written by hand."""


def text_of(name, lines):
    """Lines that end with a colon are labels, the others instructions."""
    body, address = [], 0
    for line in lines:
        if line.endswith(":"):
            body.append(line)
        else:
            body.append(f"        /*{address:04x}*/                   {line} ;")
            address += 16
    return f"\n//--------------------- .text.{name} --------------------------\n{name}:\n.text.{name}:\n" + "\n".join(body) + "\n"


COPY = ["@P0 BRA `(.L_x_3)",                       # the pixel is outside the picture
        "IMAD.WIDE R8, R9, c[0x0][0x18c], R6",
        ".L_x_3:",
        "@!P3 BRA `(.L_x_4)",                      # not aligned
        "@!PT LDS RZ, [RZ]",
        "@!P0 LDGSTS.E.BYPASS.128 [R11], [R12.64], !PT",
        "@P0 LDGSTS.E.BYPASS.128 [R11], [R12.64]",
        "BRA `(.L_x_6)",
        ".L_x_4:", ".L_x_5:",                      # four values, one by one
        "LDGSTS.E [R19], [R10.64]",
        "ISETP.NE.AND P0, PT, R15, 0x4, PT",
        "@P0 BRA `(.L_x_5)",
        ".L_x_6:",
        "LDGDEPBAR"]


STORE = [".L_x_8:", "IADD3 R0, R0, 0x1, RZ", "LDS R2, [R3]", "STG.E [R4.64], R2", "@!P0 BRA `(.L_x_8)"]

# A result that is stored as a partial sum, or divided for each target, and the first of those added in double precision.
TARGETS = [".L_x_8:", "LDS R2, [R3]", "@P1 BRA `(.L_x_9)", "STG.E [R4.64], R2", "BRA `(.L_x_11)",
           ".L_x_9:", ".L_x_10:", "LDG.E R5, [R6.64]", "F2F.F64.F32 R8, R5", "DADD R10, R10, R8", "STG.E [R4.64], R2",
           "@P2 BRA `(.L_x_10)", "IADD3 R0, R0, 0x1, RZ",
           "@P3 BRA `(.L_x_11)", "LDG.E R5, [R6.64]", *["STG.E [R4.64], R2"] * 2,  # the remainder of the unrolled loop
           ".L_x_11:", "@!P0 BRA `(.L_x_8)"]


def product(tensor=2, fragment="LDS R20, [R21]", extra=(), wait="0x0", copy=COPY, epilogue=STORE):
    """A product of two stages: per step a copy of 16 bytes a thread, fragments, and tensor instructions of 16 x 8 x 8."""
    return text_of("product", [
        "MOV R1, c[0x0][0x28]", ".L_x_1:", "@P1 BRA `(.L_x_2)", *copy, ".L_x_2:",
        *[fragment] * 4, *extra, *["HMMA.1688.F32.TF32 R4, R20, R24, R4"] * tensor,
        f"DEPBAR.LE SB0, {wait}", "BAR.SYNC.DEFER_BLOCKING 0x0", "@P2 CALL.REL.NOINC `(.L_x_7)", "BRA `(.L_x_1)",
        ".L_x_7:",
        *epilogue, "EXIT"])


PRODUCT_TILE = (16, 8, 16, 32)  # one warp: 16 x 8 results, two tensor instructions of depth 8


def warpgroup_product(beside=8, behind=("FADD R0, R0, R1", "STG.E.128 [R4.64], R0"), rows=()):
    """A loop over tiles of a product by warpgroups: a step waits for its barrier, multiplies twice and releases a stage."""
    return text_of("warpgroups", [
        "MOV R1, c[0x0][0x28]", ".L_x_1:", *rows, "MOV R6, RZ", ".L_x_2:", "IADD3 R6, R6, 0x1, RZ",
        ".L_x_3:", "SYNCS.PHASECHK.TRANS64.TRYWAIT P0, [R2], R3", "@!P0 BRA `(.L_x_3)",
        *["IADD3 R0, R0, 0x1, RZ"] * (beside - 6), *["HGMMA.64x64x16.F32.BF16 R24, gdesc[UR4], R24"] * 2,
        "SYNCS.ARRIVE.TRANS64 RZ, [R2], RZ", "WARPGROUP.DEPBAR.LE gsb0, 0x1", "@P1 BRA `(.L_x_2)",
        "@P3 BRA `(.L_x_4)", *behind, "BRA `(.L_x_5)", ".L_x_4:", "STG.E.128 [R4.64], R0", ".L_x_5:",
        "BAR.SYNC 0x1, 0x100", "@P2 BRA `(.L_x_1)", "EXIT"])


WARPGROUP_TILE = (64, 64, 32, 128)  # one warpgroup
# Another loop over steps, which also adds up the rows of the left factor.
ROWS = ("@P4 BRA `(.L_x_7)", ".L_x_6:", *["IADD3 R6, R6, 0x1, RZ"] * 20, "SYNCS.PHASECHK.TRANS64.TRYWAIT P0, [R2], R3",
        *["HGMMA.64x64x16.F32.BF16 R24, gdesc[UR4], R24", "HGMMA.64x8x16.F32.BF16 R20, gdesc[UR8], R20"] * 2,
        "@P5 BRA `(.L_x_6)", ".L_x_7:")


def fp32_sum(label=1, fetch="LDG.E.128.CONSTANT"):
    """The main loop has no barrier and repeats within the step: eight FFMA for two terms of the sum."""
    first, inner, behind = (f".L_x_{label + i}" for i in range(3))
    return [f"{first}:", f"{fetch} R40, [R2.64]", "STS.128 [R9], R40",
            f"{inner}:", "LDS.128 R32, [R36.X4]", *["FFMA R4, R32, R33, R4"] * 8, f"@P0 CALL.REL.NOINC `({behind})",
            f"BRA `({inner})", f"{behind}:", "BAR.SYNC 0x0", f"@!P1 BRA `({first})"]


def fp32_product():
    return text_of("fp32", [*fp32_sum(), "STG.E [R4.64], R2", "EXIT"])


def fp32_product_of_values_one_by_one_or_in_fours():
    return text_of("fp32", [*fp32_sum(label=11, fetch="LDG.E.CONSTANT"), *fp32_sum(), "STG.E [R4.64], R2", "EXIT"])
