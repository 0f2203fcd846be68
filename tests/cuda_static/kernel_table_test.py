"""scripts/kernel_table reads ptxas right, computes occupancy as cuda_occupancy.h does, and fails where it must: each gate
finds the fault that is planted in a kernel, and nothing in the kernel without it."""
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(pathlib.Path(__file__).parent)]
import kernel_gates  # noqa: E402
import kernel_occupancy  # noqa: E402
import kernel_report  # noqa: E402
import kernel_sass  # noqa: E402
import sass_texts  # noqa: E402

loader = importlib.machinery.SourceFileLoader("kernel_table", str(ROOT / "scripts" / "kernel_table"))
kernel_table = importlib.util.module_from_spec(importlib.util.spec_from_loader("kernel_table", loader))
loader.exec_module(kernel_table)

PTXAS = """\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z5firstPf' for 'sm_80'
ptxas info    : Function properties for _Z5firstPf
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 10240 bytes smem, 380 bytes cmem[0]
ptxas info    : Compiling entry function '_Z6secondPf' for 'sm_80'
ptxas info    : Function properties for _Z6secondPf
    32 bytes stack frame, 48 bytes spill stores, 60 bytes spill loads
ptxas info    : Used 255 registers, used 0 barriers
ptxas info    : Compiling entry function '_Z5firstPf' for 'sm_75'
ptxas info    : Function properties for _Z5firstPf
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 38 registers, used 1 barriers, 10240 bytes smem
"""

GPUS = [{"name": "G", "bandwidth": 1e9, "peak": {"fp32": 4e9, "tf32": 8e9}, "source": "nowhere"}]
COSTS = tomllib.loads("""
[group.vectors]
let = { x = "pad(c) * images / 4" }
shapes = [{ name = "short", c = 3 }, { name = "long", c = 100 }]
[[kernel]]
match = 'add'
threads = 256
operation = "sum"
groups = ["vectors"]
bytes = "4 * x"
flops = "x"
[[kernel]]
match = 'product<(?P<precision>tf32)>'
needs = 80
operation = "product"
groups = ["vectors"]
bytes = "x"
flops = "80 * x"
[[kernel]]
match = 'join'
threads = 32
why = "is small"
""")


def numbers(registers=32, shared=0, spilled=0):
    return {"registers": registers, "shared": shared, "stack": 0, "spilled": spilled}


def kernels():
    return {"add": {a: numbers() for a in ("75", "80")},
            "product<tf32>": {"threads": 128, "75": numbers(4), "80": numbers(128, 40960)},
            "join": {a: numbers() for a in ("75", "80")}}


def render(found, costs=COSTS):
    return kernel_report.render("1.2", ("75", "80"), ("80",), found, costs, GPUS)


class Ptxas(unittest.TestCase):
    def test_reads_every_kernel_and_architecture(self):
        found = kernel_table.parse_ptxas(PTXAS)
        self.assertEqual(found["_Z5firstPf"]["80"], {"registers": 40, "shared": 10240, "stack": 0, "spilled": 0})
        self.assertEqual(found["_Z5firstPf"]["75"]["registers"], 38)
        self.assertEqual(found["_Z6secondPf"]["80"], {"registers": 255, "shared": 0, "stack": 32, "spilled": 108})

    def test_reads_threads_and_dynamic_shared_memory(self):
        text = """.extern .shared .align 16 .b8 tiles[];
.visible .entry first(
	.param .u64 a
)
.maxntid 128
{ mov.u32 %r1, tiles; }
.visible .entry second(.param .u64 a)
{ ret; }
"""
        self.assertEqual(kernel_table.parse_ptx(text), {"first": {"threads": 128, "dynamic": True}, "second": {}})

    def test_names_are_as_written(self):
        mangled = ["_ZN10palimpsest4cuda12_GLOBAL__N_13addEPfi",
                   "_ZN10palimpsest4cuda4gemm7forwardINS0_6TileOfILNS0_9PrecisionE1EEELb0EEEvPf",
                   "_ZN10palimpsest4cuda4gemm8backwardINS0_6TileOfILNS0_9PrecisionE0EEEEEvPf"]
        self.assertEqual(kernel_table.short_names(mangled, {"Precision": ["fp32", "tf32"]}),
                         ["add", "forward<TileOf<tf32>, false>", "backward<TileOf<fp32>>"])

    def test_enumerators_come_from_the_headers(self):
        self.assertEqual(kernel_table.enumerators()["Precision"], ["fp32", "tf32", "bf16"])


class Occupancy(unittest.TestCase):
    def test_limits(self):
        share = kernel_occupancy.occupancy
        self.assertEqual(share("80", 256, 32, 0), 1.0)            # 8 blocks of 8 warps
        self.assertEqual(share("80", 256, 33, 0), 0.75)           # 40 registers: 48 warps
        self.assertEqual(share("80", 128, 168, 0), 12 / 64)       # 3 warps a partition
        self.assertEqual(share("80", 256, 255, 0), 8 / 64)
        self.assertEqual(share("80", 256, 32, 40960), 32 / 64)    # 164 KiB hold 4 blocks of 41
        self.assertEqual(share("75", 256, 32, 40960), 8 / 32)     # 64 KiB hold 1
        self.assertEqual(share("86", 32, 16, 0), 16 / 48)         # 16 blocks at most
        self.assertEqual(share("120", 1024, 32, 0), 32 / 48)      # one block of 32 warps


class Report(unittest.TestCase):
    def test_tables(self):
        text = render(kernels())
        self.assertIn("| `add` | 256 | 0 | 0 | 0 | 32 · 100% | 32 · 100% |", text)
        self.assertIn("| `product<tf32>` | 128 | 40 | 0 | 0 |  | 128 · 25% |", text)  # no tf32 on sm_75
        self.assertIn("| short | 6.4e-05 | 1.6e-05 | 0.25 | 0.0640 m |", text)        # 16 values, 64 bytes at 1 GB/s
        self.assertIn("| short | 1.6e-05 | 0.00128 | 80 | 0.160 c |", text)           # 1280 operations at 8 GFLOP/s
        self.assertIn("- `join`: is small.", text)

    def test_every_kernel_needs_an_entry(self):
        with self.assertRaisesRegex(kernel_report.Incomplete, "kernel new matches 0 entries"):
            render({**kernels(), "new": kernels()["add"]})

    def test_every_entry_needs_a_kernel(self):
        left = {name: found for name, found in kernels().items() if name != "add"}
        with self.assertRaisesRegex(kernel_report.Incomplete, 'no kernel does "sum"'):
            render(left)

    def test_what_an_architecture_lacks_must_be_guarded(self):
        found = kernels()
        found["product<tf32>"]["75"] = numbers(128, 40960)
        with self.assertRaisesRegex(kernel_report.Incomplete, "has code for sm_75"):
            render(found)

    def test_dynamic_shared_memory_must_be_known(self):
        found = kernels()
        found["add"]["dynamic"] = True
        with self.assertRaisesRegex(kernel_report.Incomplete, "kernel add .* needs dynamic_shared"):
            render(found)
        costs = {**COSTS, "kernel": [{**entry, "dynamic_shared": "30 * 1024"} for entry in COSTS["kernel"]]}
        self.assertIn("| `add` | 256 | 30 | 0 | 0 | 32 · 50% | 32 · 62% |", render(found, costs))  # 2 of 4 blocks, 5 of 8
        tile = {"dynamic": True, "80": {"shared": 8, "code": {"tile": (16, 8, 4), "stages": 3}}}
        for kernel, width in (("k<tf32>", 4), ("k<bf16>", 2)):
            entry = {"match": r"k<(?P<precision>\w+)>", "dynamic_shared": "stages * (rows + columns) * depth * width"}
            self.assertEqual(kernel_report.shared_of(kernel, tile, "80", entry), 8 + 3 * 96 * width)

    def test_threads_must_be_known(self):
        found = kernels()
        del found["product<tf32>"]["threads"]
        with self.assertRaisesRegex(kernel_report.Incomplete, "needs threads"):
            render(found)


class Check(unittest.TestCase):
    def data(self, spilled=0, registers=32):
        return {"nvcc": "1.2", "files": {"a.cu": {"key": "k", "kernels": {
            "add": {"80": numbers(registers, spilled=spilled), "threads": 256}}}}}

    def test_the_record_is_read_as_it_was(self):
        self.assertEqual(json.loads(kernel_table.text_of(self.data())), self.data())

    def test_spills_fail(self):
        self.assertEqual(kernel_table.spills(self.data()), [])
        self.assertEqual(kernel_table.spills(self.data(8)), ["add on sm_80: 8 bytes spilled"])

    def test_other_numbers_fail(self):
        texts = {kernel_table.TABLE: kernel_table.TABLE.read_text()}
        self.assertEqual(kernel_table.check(self.data(), self.data(), texts), [])
        self.assertRegex(kernel_table.check(self.data(), self.data(registers=33), texts)[0], "kernel_table.json: out of date")
        texts[kernel_table.TABLE] += "x"
        self.assertRegex(kernel_table.check(self.data(), self.data(), texts)[0], "kernel_table.md: out of date")


class Gates(unittest.TestCase):
    def kernels(self, text=sass_texts.product(), tile=sass_texts.PRODUCT_TILE, name="product<tf32>", **more):
        code = kernel_sass.analyse(next(iter(kernel_sass.parse(text).values())), tile)
        return {name: {"threads": 32, "80": {**numbers(**more), "code": code}}}

    def worse(self, old, new):
        return kernel_gates.worse(old, new, COSTS)

    def assert_found(self, words, old, new):
        """What `new` does worse than `old` is found, once; `old` does nothing worse than `new` or itself."""
        found = self.worse(old, new)
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], r"^product<tf32> on sm_80: " + words)
        self.assertEqual(self.worse(new, old), [])
        self.assertEqual(self.worse(new, new), [])

    def test_generic_loads_in_the_loop(self):
        # As many instructions, and as many generic ones in all: only the loop has more.
        self.assert_found("generic loads in a step of the sum: 4, 0 before",
                          self.kernels(sass_texts.product().replace("IADD3 R0, R0, 0x1, RZ", "LD.E R0, [R2.64]") + GENERIC_TAIL),
                          self.kernels(sass_texts.product(fragment="LD.E R20, [R22.64]")))

    def test_generic_accesses_anywhere(self):
        text = sass_texts.product()
        for access in ("LD.E R2, [R3.64]", "ST.E [R3.64], R2"):
            self.assert_found("generic loads and stores: 1, 0 before", self.kernels(),
                              self.kernels(text.replace("LDS R2, [R3]", access)))

    def test_a_new_product_has_no_generic_access(self):
        self.assertEqual(self.worse({}, self.kernels()), [])
        found = self.worse({}, self.kernels(sass_texts.product(fragment="LD.E R20, [R22.64]")))
        self.assertEqual(len(found), 2, found)
        streaming = sass_texts.text_of("add", ["LD.E R2, [R4.64]", "STG.E [R6.64], R2", "EXIT"])
        self.assertEqual(self.worse({}, self.kernels(streaming, None, "add")), [])

    def test_share_of_tensor_instructions(self):
        self.assert_found(r"share of tensor instructions \(FFMA\) among those issued: 0.1, 0.1053 before", self.kernels(),
                          self.kernels(sass_texts.product(extra=["IADD3 R0, R0, 0x1, RZ"])))

    def test_share_of_ffma(self):
        slower = sass_texts.fp32_product().replace("LDS.128 R32, [R36.X4]", "LDS.128 R32, [R36.X4] ;\n        /*9990*/   NOP")
        self.assert_found("share of tensor instructions", self.kernels(sass_texts.fp32_product(), (16, 16, 4, 32)),
                          self.kernels(slower, (16, 16, 4, 32)))

    def test_tiles_ahead(self):
        self.assert_found("tiles on their way while one is multiplied: 1, 3 before", self.kernels(sass_texts.product(wait="0x2")),
                          self.kernels())

    def test_tiles_ahead_that_are_unknown(self):
        copy = ["UTMALDG.2D [UR8], [UR4]"]
        found = self.worse(self.kernels(), self.kernels(sass_texts.product(copy=copy)))
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], "unknown, 1 before")

    def test_blocks_on_a_multiprocessor(self):
        self.assert_found("blocks on a multiprocessor: 16, 32 before", self.kernels(), self.kernels(registers=128))
        self.assert_found("blocks on a multiprocessor: 3, 32 before", self.kernels(), self.kernels(shared=48000))
        self.assertEqual(self.worse(self.kernels(), self.kernels(registers=33)), [])

    def test_local_memory(self):
        self.assertEqual(kernel_gates.forbidden(self.kernels()), [])
        for access in ("LDL R2, [R1]", "STL.64 [R1], R2"):
            found = kernel_gates.forbidden(self.kernels(sass_texts.product(extra=[access])))
            self.assertRegex(found[0], r"product<tf32> on sm_80: it uses local memory, .* 1 accesses")
        stacked = {"add": {"75": {**numbers(), "stack": 16}}}
        self.assertRegex(kernel_gates.forbidden(stacked)[0], "add on sm_75: it uses local memory, for 16 bytes of stack")

    def test_instructions_beside_products_of_warpgroups(self):
        for beside, count in ((40, 0), (41, 1)):
            found = kernel_gates.forbidden(self.kernels(sass_texts.warpgroup_product(beside), sass_texts.WARPGROUP_TILE))
            self.assertEqual(len(found), count, found)
        self.assertRegex(found[0], "20.5 instructions beside each product of a warpgroup, more than 20")

    def test_a_kernel_that_is_no_product_any_more(self):
        self.assertRegex(self.worse(self.kernels(), self.kernels(tile=None))[0], "unknown, ")


# Three more generic loads that no step issues.
GENERIC_TAIL = "".join(f"        /*{0x9000 + 16 * i:04x}*/                   LD.E R2, [R4.64] ;\n" for i in range(3))


if __name__ == "__main__":
    unittest.main()
