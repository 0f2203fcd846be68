"""bench/kernel_sass.py finds the loops of machine code, the steady path through them, and what is on it."""
import json
import math
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(pathlib.Path(__file__).parent)]
import kernel_sass  # noqa: E402
import sass_texts  # noqa: E402


def code(text):
    return next(iter(kernel_sass.parse(text).values()))


def analysed(text, tile=None):
    return kernel_sass.analyse(code(text), tile)


class Instructions(unittest.TestCase):
    def test_widths(self):
        for operation, width in (("LDG.E.128.CONSTANT", 16), ("LD.E", 4), ("LDS.64", 8), ("LDSM.16.M88.4", 16), ("LDSM.16.M88", 4),
                                 ("LDG.E.U8", 1), ("LDG.E.S16", 2), ("LDGSTS.E.BYPASS.128", 16), ("IADD3", 0), ("LDGDEPBAR", 0)):
            self.assertEqual(kernel_sass.Instruction(operation).width, width, operation)

    def test_products(self):
        for operation, products in (("HMMA.16816.F32.BF16", 2048), ("HMMA.1688.F32.TF32", 1024), ("HMMA.1684.F32.TF32", 512),
                                    ("HGMMA.64x128x16.F32.BF16", 32768), ("FFMA", 32), ("FADD", 0)):
            self.assertEqual(kernel_sass.Instruction(operation).products, products, operation)
        with self.assertRaisesRegex(kernel_sass.Unreadable, "HMMA.NEW"):
            kernel_sass.Instruction("HMMA.NEW.F32").products


class SteadyPath(unittest.TestCase):
    def test_fetches_whole_chunks_of_a_pixel_inside(self):
        step = analysed(sass_texts.product(), sass_texts.PRODUCT_TILE)["step"]
        self.assertEqual(step["HMMA.1688.TF32"], 2)
        self.assertEqual(step["global reads"], 1)  # the other copy writes zeros
        self.assertEqual(step["bytes read"], 16)
        # 1 branch; copy: 1 branch, 1 address, 1 branch, 1 no-op, 2 copies, 1 branch, 1 commit; 4 fragments, 2 products,
        # wait, barrier, 2 branches back
        self.assertEqual(step["issued"], 1 + 8 + 4 + 2 + 1 + 1 + 2)
        self.assertEqual(step["shared clocks"], 4 + 4)

    def test_leaves_out_branches_of_diverged_warps(self):
        lines = [".L_x_1:", "BRA.DIV ~URZ, `(.L_x_9)", "LDG.E R2, [R4.64]", "@P0 BRA `(.L_x_1)", "EXIT",
                 ".L_x_9:", *["LDG.E R2, [R4.64]"] * 9, "BRA `(.L_x_1)"]
        self.assertEqual(analysed(sass_texts.text_of("k", lines))["step"]["global reads"], 1)
        taken = [line.replace("BRA.DIV ~URZ,", "@P1 BRA") for line in lines]
        self.assertEqual(analysed(sass_texts.text_of("k", taken))["step"]["global reads"], 9)

    def test_an_inner_loop_repeats_as_the_tile_demands(self):
        found = analysed(sass_texts.fp32_product(), (16, 16, 4, 32))  # 1024 products a warp, 256 in a pass of the loop
        self.assertEqual(found["repeats"], 4)
        self.assertEqual(found["step"]["ffma"], 32)
        self.assertEqual(found["step"]["issued"], 2 + 10 + 3 * 11 + 2)  # the last pass leaves at the call

    def test_of_several_main_loops_that_which_fetches_the_most(self):
        found = analysed(sass_texts.fp32_product_of_values_one_by_one_or_in_fours(), (16, 16, 4, 32))
        self.assertEqual(found["step"]["bytes read"], 16)

    def test_arithmetic_that_is_not_the_tiles_is_an_error(self):
        for tile in ((16, 8, 24, 32), (16, 8, 8, 32), (32, 8, 16, 32)):
            with self.assertRaisesRegex(kernel_sass.Unreadable, "the tile has"):
                analysed(sass_texts.product(), tile)
        with self.assertRaisesRegex(kernel_sass.Unreadable, "no loop"):
            analysed(sass_texts.text_of("k", ["FFMA R1, R2, R3, R1", "EXIT"]), sass_texts.PRODUCT_TILE)

    def test_epilogues(self):
        found = analysed(sass_texts.product(), sass_texts.PRODUCT_TILE)
        self.assertEqual([found[name] for name in ("per result", "per target", "doubles", "per partial")], [4, 0, 0, 4])
        found = analysed(sass_texts.product(epilogue=sass_texts.TARGETS), sass_texts.PRODUCT_TILE)
        self.assertEqual([found[name] for name in ("per result", "per target", "doubles", "per partial")], [5, 5, 2, 5])

    def test_results_stored_in_fours(self):
        """Another loop, which stores one at a time, does not count."""
        loop = ["{0}:", "LDS.{1} R4, [R2]", "IADD3 R6, R6, R7, RZ", "STG.E.{1} [R8.64], R4", "@P0 BRA `({0})"]
        lines = [line.format(".L_x_81", "128") for line in loop] + [line.format(".L_x_82", "32") for line in loop]
        found = analysed(sass_texts.product(epilogue=lines), sass_texts.PRODUCT_TILE)
        self.assertEqual([found[name] for name in ("per result", "per target", "per partial")], [1, 0, 1])

    def test_kernels_without_a_loop(self):
        found = analysed(sass_texts.text_of("k", ["@P0 EXIT", "LDG.E.64 R2, [R4.64]", "STG.E.64 [R6.64], R2", "EXIT"]))
        self.assertEqual((found["step"]["issued"], found["step"]["bytes read"], found["step"]["bytes written"]), (4, 8, 8))


class Copies(unittest.TestCase):
    def ahead(self, lines):
        return kernel_sass.tiles_ahead(code(sass_texts.text_of("k", [*lines, "EXIT"])).instructions)

    def test_a_step_of_warpgroups(self):
        """The loop over tiles has a barrier too, but is not the step; what is behind the sum has no loop."""
        found = analysed(sass_texts.warpgroup_product(beside=8), sass_texts.WARPGROUP_TILE)
        self.assertEqual((found["step"]["issued"], found["step"]["HGMMA.64x64x16.BF16"], found["step"]["mbarriers"]), (10, 2, 2))
        self.assertIsNone(found["ahead"])
        # Six instructions for all of the 32 results of a thread.
        self.assertEqual((found["per result"], found["per partial"], found["per target"]), (round(6 / 32, 1), 1, 0))

    def test_a_loop_that_adds_rows_is_not_the_main_one(self):
        without = analysed(sass_texts.warpgroup_product(), sass_texts.WARPGROUP_TILE)
        found = analysed(sass_texts.warpgroup_product(rows=sass_texts.ROWS), sass_texts.WARPGROUP_TILE)
        self.assertGreater(found["instructions"], without["instructions"])
        self.assertEqual({k: v for k, v in found.items() if k != "instructions"}, {k: v for k, v in without.items() if k != "instructions"})

    def test_tiles_ahead(self):
        copy = ["LDGSTS.E.128 [R1], [R2.64]", "LDGDEPBAR"]
        self.assertEqual(self.ahead([*copy, "DEPBAR.LE SB0, 0x0"]), 1)
        self.assertEqual(self.ahead([*copy, "DEPBAR.LE SB0, 0x2"]), 3)
        self.assertEqual(self.ahead([*copy, *copy, "DEPBAR.LE SB0, 0x2"]), 2)  # two commits for each tile
        self.assertEqual(self.ahead(["LDG.E.128 R4, [R2.64]", "BAR.SYNC 0x0"]), 1)  # through registers
        self.assertEqual(self.ahead(["BAR.SYNC 0x0"]), 0)
        self.assertIsNone(self.ahead(["UTMALDG.2D [UR8], [UR4]"]))

    def in_flight(self, lines):
        return kernel_sass.bytes_in_flight(code(sass_texts.text_of("k", [*lines, "EXIT"])).instructions)

    def test_bytes_in_flight(self):
        loads = ["LDG.E.128 R4, [R2.64]", "LDG.E.64 R8, [R2.64+0x10]"]
        self.assertEqual(self.in_flight(loads), 24)
        self.assertEqual(self.in_flight([loads[0], "FADD R1, R6, R0", loads[1]]), 16)  # R6 is the third of the first four
        self.assertEqual(self.in_flight([loads[0], "FADD R1, R16, R0", loads[1]]), 24)
        self.assertEqual(self.in_flight(["LDGSTS.E.128 [R1], [R2.64]"] * 3), 48)
        self.assertEqual(self.in_flight(["LDGSTS.E.128 [R1], [R2.64]", "DEPBAR.LE SB0, 0x0"] * 3), 16)


class Record(unittest.TestCase):
    """Of the kernels as they are: bench/kernel_table.json."""

    def test_steady_paths_fetch_and_multiply_the_whole_tile(self):
        record = json.loads((ROOT / "bench" / "kernel_table.json").read_text())
        checked = 0
        for file in record["files"].values():
            for name, numbers in file["kernels"].items():
                for architecture, one in numbers.items():
                    if not architecture.isdigit() or "tile" not in one.get("code", {}):
                        continue
                    rows, columns, depth = one["code"]["tile"]
                    step = one["code"]["step"]
                    unit = 8 if "bf16" in name else 4  # values of 16 bytes
                    chunks = [math.ceil(side * depth / unit / numbers["threads"]) for side in (rows, columns)]  # of a thread
                    threads = one["code"].get("consumers", numbers["threads"])  # of warpgroups, which read nothing themselves
                    self.assertEqual(step.get("bytes read", 0), 0 if "consumers" in one["code"] else 16 * sum(chunks),
                                     (name, architecture))
                    self.assertEqual(step["products"] * threads, 32 * rows * columns * depth, (name, architecture))
                    checked += 1
        self.assertGreater(checked, 90)


if __name__ == "__main__":
    unittest.main()
