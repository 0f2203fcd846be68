"""scripts/kernel_table reads ptxas right, computes occupancy as cuda_occupancy.h does, and fails where it must."""
import importlib.machinery
import importlib.util
import pathlib
import sys
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import kernel_report  # noqa: E402

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

COSTS = tomllib.loads("""
[[gpu]]
name = "G"
bandwidth = 1e9
peak = { fp32 = 4e9, tf32 = 8e9 }
source = "nowhere"
[group.vectors]
let = { x = "pad(c) * 2" }
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
    return kernel_report.render("1.2", ("75", "80"), found, costs)


class Ptxas(unittest.TestCase):
    def test_reads_every_kernel_and_architecture(self):
        found = kernel_table.parse_ptxas(PTXAS)
        self.assertEqual(found["_Z5firstPf"]["80"], {"registers": 40, "shared": 10240, "stack": 0, "spilled": 0})
        self.assertEqual(found["_Z5firstPf"]["75"]["registers"], 38)
        self.assertEqual(found["_Z6secondPf"]["80"], {"registers": 255, "shared": 0, "stack": 32, "spilled": 108})

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
        share = kernel_report.occupancy
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

    def test_threads_must_be_known(self):
        found = kernels()
        del found["product<tf32>"]["threads"]
        with self.assertRaisesRegex(kernel_report.Incomplete, "needs threads"):
            render(found)


class Check(unittest.TestCase):
    def data(self, spilled=0, registers=32):
        return {"nvcc": "1.2", "files": {"a.cu": {"key": "k", "kernels": {
            "add": {"80": numbers(registers, spilled=spilled), "threads": 256}}}}}

    def test_spills_fail(self):
        self.assertEqual(kernel_table.spills(self.data()), [])
        self.assertEqual(kernel_table.spills(self.data(8)), ["add on sm_80: 8 bytes spilled"])

    def test_other_numbers_fail(self):
        text = kernel_table.TABLE.read_text()
        self.assertEqual(kernel_table.check(self.data(), self.data(), text), [])
        self.assertRegex(kernel_table.check(self.data(), self.data(registers=33), text)[0], "out of date")
        self.assertRegex(kernel_table.check(self.data(), self.data(), text + "x")[0], "out of date")


if __name__ == "__main__":
    unittest.main()
