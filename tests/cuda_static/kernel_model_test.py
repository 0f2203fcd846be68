"""bench/kernel_model.py on launches computed by hand, and on the kernels as they are."""
import json
import pathlib
import sys
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(pathlib.Path(__file__).parent)]
import kernel_model  # noqa: E402
import kernel_sass  # noqa: E402
import sass_texts  # noqa: E402

GPU = {"name": "G", "architecture": "80", "multiprocessors": 10, "clock": 1e9, "mma": 0.5, "peak": {"fp32": 1e12, "tf32": 2e12, "bf16": 4e12},
       "bandwidth": 1e11, "sustained": 1.0, "l2_bandwidth": 1e12, "l2_holds": 1e4, "l2_latency": 100, "memory_latency": 200,
       "launch": 1e-6, "round_trip": 1e-5, "double_lanes": 4}
COSTS = {"kernel": [{"match": ".*"}]}
COPY = sass_texts.text_of("copy", ["LDG.E.128 R4, [R2.64]", "STG.E.128 [R8.64], R4", "EXIT"])


def kernel(text, tile=None):
    code = kernel_sass.analyse(next(iter(kernel_sass.parse(text).values())), tile)
    return {"threads": 32, "80": {"registers": 32, "shared": 0, "stack": 0, "spilled": 0, "code": code}}


MACHINE = kernel_model.Machine(GPU, {"product": kernel(sass_texts.product(), sass_texts.PRODUCT_TILE), "copy": kernel(COPY),
                                     "rule": kernel(sass_texts.product(epilogue=sass_texts.TARGETS), sass_texts.PRODUCT_TILE),
                                     "fp32": kernel(sass_texts.fp32_product(), (16, 16, 4, 32))}, COSTS)


def product(blocks=20, terms=16, moved=1e5, parts=1, name="product", precision="tf32", **more):
    cut = {"precision": precision, "tile": "large", "row_tiles": blocks, "column_tiles": 1, "parts": parts, "taps": 9,
           "terms": terms}
    return MACHINE.product(name, cut, moved, 1e6, **more)


class Product(unittest.TestCase):
    def test_by_hand(self):
        # 20 blocks of one warp on 10 multiprocessors: two on each, at once. 9 steps of 19 instructions, one more to fill;
        # 128 results by 32 threads at 4 instructions each.
        launch = product()
        hand = {"issue": (10 * 19 + 4 * 4) * 1e-9,             # two warps on four schedulers
                "pipe": 2 * 9 * (16 * 8 * 16 * 2) / (2e12 * 0.5 / 10),
                "double": 0,
                "shared": 2 * 9 * (4 + 4) * 1e-9,              # four reads of 128 bytes, one copy of 512
                "l2": 20 * 9 * (16 + 8) * 16 * 4 / 1e12,
                "memory": 1e-6,
                "waiting": 10 * (100 + 100 * 1e5 / 276480) * 1e-9}
        self.assertEqual(launch["bounds"].keys(), hand.keys())
        for name, value in hand.items():
            self.assertAlmostEqual(launch["bounds"][name], value, places=15, msg=name)
        self.assertEqual(launch["binds"], "waiting")
        self.assertAlmostEqual(launch["seconds"], hand["waiting"] + 1e-6, places=15)
        self.assertAlmostEqual(launch["least"], max(1e5 / 1e11, 1e6 / 2e12), places=15)

    def test_bf16_fetches_half(self):
        self.assertEqual(product(precision="bf16")["bounds"]["l2"], product()["bounds"]["l2"] / 2)

    def test_results_for_several_targets(self):
        """5 instructions for a result and 5 for each target; with a second pass only 5 for a partial sum."""
        for targets in (1, 8):
            bounds = product(name="rule", targets=targets)["bounds"]
            self.assertAlmostEqual(bounds["issue"], (10 * 19 + 4 * (5 + 5 * targets)) * 1e-9, places=15)
            self.assertAlmostEqual(bounds["double"], 2 * 128 * 2 / 4 * 1e-9, places=15)
        bounds = product(name="rule", targets=8, parts=2)["bounds"]
        self.assertAlmostEqual(bounds["issue"], (6 * 19 + 4 * 5) * 1e-9, places=15)
        self.assertEqual(bounds["double"], 0)

    def test_warpgroups_write_while_tensor_cores_wait(self):
        # 9 x 2 steps of 64 x 64 x 32 at the peak itself; then 32 results at 10 instructions by one warp of each scheduler.
        one = kernel(sass_texts.warpgroup_product(), sass_texts.WARPGROUP_TILE)
        one["80"]["code"] |= {"consumers": 128, "per result": 10, "ahead": 2}
        machine = kernel_model.Machine(GPU, {"product": one | {"threads": 256}}, COSTS)
        cut = {"precision": "bf16", "tile": "warpgroup_64", "row_tiles": 20, "column_tiles": 1, "parts": 1, "taps": 9, "terms": 64}
        bounds = machine.product("product", cut, 1e5, 1e6)["bounds"]
        self.assertAlmostEqual(bounds["pipe"], 2 * 18 * (64 * 64 * 32 * 2) / (4e12 / 10) + 2 * 32 * 10 * 1e-9, places=15)

    def test_fp32_lanes_share_what_they_read(self):
        bounds = product(name="fp32", precision="fp32", terms=4)["bounds"]
        self.assertAlmostEqual(bounds["shared"], 2 * 9 * 4 * 1e-9, places=15)  # four reads of one clock
        self.assertAlmostEqual(bounds["pipe"], 2 * 9 * (16 * 16 * 4 * 2) / (1e12 / 10), places=15)

    def test_a_launch_below_one_wave_takes_as_long_as_one_block(self):
        one = product(blocks=1)["bounds"]
        for blocks in (5, 10):
            for bound in ("issue", "pipe", "shared"):
                self.assertEqual(product(blocks=blocks)["bounds"][bound], one[bound])
        self.assertEqual(product(blocks=11)["bounds"]["pipe"], 2 * one["pipe"])
        self.assertEqual(product(blocks=41)["bounds"]["issue"], 2 * one["issue"])  # five warps on four schedulers

    def test_waves(self):
        # 32 blocks fit on each of 10 multiprocessors. Nothing of 1e5 bytes changes.
        waiting = [product(blocks=blocks, moved=0)["bounds"]["waiting"] for blocks in (1, 320, 321)]
        self.assertEqual(waiting[1], waiting[0])
        self.assertEqual(waiting[2], 2 * waiting[0])

    def test_parts_shorten_a_small_launch(self):
        whole, parts = (product(blocks=2, terms=160, parts=parts)["bounds"]["issue"] for parts in (1, 5))
        self.assertLess(parts, whole)

    def test_larger_is_never_faster(self):
        sizes = (1, 2, 7, 16, 100, 333, 1000)
        for times in ([product(blocks=n, moved=n * 1e4)["seconds"] for n in sizes],
                      [product(terms=n, moved=n * 1e4)["seconds"] for n in sizes],
                      [product(moved=n * 1e4)["seconds"] for n in sizes]):
            self.assertEqual(times, sorted(times))
            self.assertLess(times[0], times[-1])
        self.assertGreater(product(terms=100)["seconds"], product(terms=16)["seconds"])
        self.assertGreater(product(rule_terms=2, moved=0)["seconds"], product(moved=0)["seconds"])


class Stream(unittest.TestCase):
    def test_by_hand(self):
        # 16 bytes in and 16 out by each thread of 3 instructions; 320 blocks of 32 threads are resident.
        bounds = MACHINE.stream("copy", 32e6)["bounds"]
        self.assertAlmostEqual(bounds["issue"], 32e6 / (32 * 32) * 3 / 40 * 1e-9, places=15)
        self.assertAlmostEqual(bounds["memory"], 32e6 / 1e11, places=15)
        self.assertAlmostEqual(bounds["waiting"], 200e-9 * 32e6 / (320 * 32 * 16), places=15)

    def test_few_threads_wait(self):
        bounds = MACHINE.stream("copy", 32e6, threads=32)["bounds"]
        self.assertAlmostEqual(bounds["waiting"], 200e-9 * 32e6 / (32 * 16), places=12)
        self.assertAlmostEqual(bounds["issue"], 32e6 / (32 * 32) * 3 / 4 * 1e-9, places=12)

    def test_what_fits_comes_from_l2(self):
        self.assertAlmostEqual(MACHINE.stream("copy", 1e4)["bounds"]["memory"], 1e4 / 1e12, places=15)
        self.assertAlmostEqual(MACHINE.stream("copy", 1e4 + 1)["bounds"]["memory"], 10001 / 1e11, places=15)

    def test_larger_is_never_faster(self):
        times = [MACHINE.stream("copy", moved)["seconds"] for moved in (1, 100, 1e4, 1e5, 1e6, 1e9)]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[-1], times[0])


class AsTheyAre(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bench = ROOT / "bench"
        cls.gpus = tomllib.loads((bench / "gpus.toml").read_text())["gpu"]
        record = json.loads((bench / "kernel_table.json").read_text())
        kernels = {name: numbers for file in record["files"].values() for name, numbers in file["kernels"].items()}
        costs = tomllib.loads((bench / "kernel_costs.toml").read_text())
        found = kernel_model.predict(kernels, costs, cls.gpus, (bench / "kernel_cuts.csv").read_text())
        cls.totals, cls.layers = found["totals"], found["layers"]

    def test_everything_is_predicted(self):
        self.assertEqual(len(self.totals), 4 * 2 * 3)
        self.assertEqual(len(self.layers), 4 * 2 * 3 * 5 * 16)

    def test_nothing_is_faster_than_the_roofline(self):
        for entry in self.layers:
            self.assertGreater(entry["roofline"], 0, entry)
            self.assertLessEqual(entry["roofline"], 1, entry)

    def test_a_larger_batch_is_never_faster(self):
        """But where fewer rows take more launches."""
        key = lambda e: (e["gpu"], e["precision"], e["pass"], e["layer"])  # noqa: E731
        small, large = ({key(e): (e["ms"], e["launches"]) for e in self.layers if e["batch"] == batch} for batch in (8, 32))
        slower = [(k, small[k], large[k]) for k in small if large[k][0] < small[k][0] and small[k][1] <= large[k][1]]
        self.assertEqual(slower, [])

    def test_whole_operations_contain_one_another(self):
        for total in self.totals:
            self.assertLess(total["forward"], total["training step"])
            self.assertLess(total["forward"], total["relevance, 1 target"])
            self.assertLess(total["relevance, 1 target"], total["relevance, 8 targets"])
            forward = sum(e["ms"] for e in self.layers if e["pass"] == "forward" and all(
                e[name] == total[name] for name in ("gpu", "batch", "precision")))
            self.assertLess(forward, total["forward"])  # pools, and copies that are made separately, are the rest
            self.assertGreater(forward, 0.75 * total["forward"])

    def test_figures_of_the_gpus_fit_together(self):
        for gpu in (g for g in self.gpus if "clock" in g):
            lanes = gpu["peak"]["fp32"] / (2 * gpu["clock"] * gpu["multiprocessors"])
            self.assertAlmostEqual(lanes / (64 if gpu["architecture"] == "80" else 128), 1, delta=0.02, msg=gpu["name"])
            self.assertLess(gpu["bandwidth"], gpu["l2_bandwidth"])
            self.assertLess(gpu["l2_latency"], gpu["memory_latency"])
            self.assertTrue(0.5 < gpu["sustained"] <= 1 and 0.5 < gpu["mma"] <= 1, gpu["name"])


if __name__ == "__main__":
    unittest.main()
