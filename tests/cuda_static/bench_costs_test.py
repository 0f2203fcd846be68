"""The least bytes and operations that `palimpsest bench` counts (experiments/bench/costs.cpp, operation_times.cpp) against the
formulas of bench/kernel_costs.toml, on layers whose channels are padded."""
import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from kernel_report import entry_of, values_of  # noqa: E402

COSTS = tomllib.loads((ROOT / "bench/kernel_costs.toml").read_text())
FORWARD, RELEVANCE = "forward_kernel<TileOf<fp32, tall>, false, BiasRelu>", "forward_kernel<TileOf<fp32, tall>, false, Divide>"
DATA, WEIGHTS = "backward_data_kernel<TileOf<fp32, tall>>", "backward_weights_kernel<TileOf<fp32, square>, BiasRelu>"
PROGRAM = None


def cost(kernel, what, values):
    return eval(entry_of(kernel, COSTS)[what], {"__builtins__": {}}, dict(values))  # our own file


def of_bf16(kernel, values):  # 2 bytes for each value of an operand instead of 4
    kernel = kernel.replace("fp32", "bf16")
    return cost(kernel, "bytes", values) - 2 * cost(kernel, "factors", values)


def pad(channels):
    return -(-channels // 8) * 8


def bench(*options):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "bench.json"
        subprocess.run([PROGRAM, "bench", "--quiet", "--device", "cuda-emulated", "--size", "32", "--width", "0.1", "--hidden",
                        "24", "--batch", "3", "--repeats", "1", "--seconds", "0", "--no-cold", "--no-steps", "--out", out, *options],
                       check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())


class Costs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        found = bench()
        cls.layers, cls.operations = found["layers"], found["operations"]

    def of_layers(self, kind, layers=None):
        rows = [row for row in layers or self.layers if row["name"].startswith(kind)]
        self.assertGreaterEqual(len(rows), 10)
        return rows

    def same(self, row, moved, flops):
        self.assertEqual((row["least_bytes"], row["least_flops"]), (moved, flops), f"{row['name']} {row['pass']}")

    def test_convolutions(self):
        for row in self.of_layers("conv"):
            images, c, size, _, k = row["shape"]
            v = values_of(COSTS["group"]["convolutions"], {"images": images, "c": c, "k": k, "size": size})
            moved, flops = {  # the kernel for backward data also multiplies by x, which it reads
                "forward": (cost(FORWARD, "bytes", v), cost(FORWARD, "flops", v)),
                "backward_data": (cost(DATA, "bytes", v) - 4 * v["x"], cost(DATA, "flops", v) - v["x"]),
                "backward_weights": (cost(WEIGHTS, "bytes", v) + 4 * v["K"],
                                     cost(WEIGHTS, "flops", v) + cost("column_sums_kernel", "flops", v)),
                "relevance": (cost(RELEVANCE, "bytes", v), cost(RELEVANCE, "flops", v)),
                "redistribution": (cost(DATA, "bytes", v), cost(DATA, "flops", v)),
            }[row["pass"]]
            self.same(row, moved, flops)

    def test_convolutions_in_bf16(self):
        for row in self.of_layers("conv", bench("--precision", "bf16", "--only", "conv1_1,conv3_1,conv5_1")["layers"]):
            images, c, size, _, k = row["shape"]
            v = values_of(COSTS["group"]["convolutions"], {"images": images, "c": c, "k": k, "size": size})
            moved = {"forward": of_bf16(FORWARD, v),
                     "backward_data": of_bf16(DATA, v) - 4 * v["x"],
                     "backward_weights": of_bf16(WEIGHTS, v) + 4 * v["K"],
                     "relevance": of_bf16(RELEVANCE, v),
                     "redistribution": of_bf16(DATA, v)}[row["pass"]]
            self.assertEqual(row["least_bytes"], moved, f"{row['name']} {row['pass']}")

    def test_fully_connected_layers(self):
        for row in self.of_layers("fc"):
            images, inputs, _, _, outputs = row["shape"]
            v = values_of(COSTS["group"]["linear"], {"images": images, "inputs": inputs, "outputs": outputs})
            few = "few_rows_{}_kernel<8>".format
            if row["pass"] == "forward":
                self.same(row, cost(few("forward"), "bytes", v) + 4 * v["K"], cost(few("forward"), "flops", v))
            if row["pass"] == "backward_data":
                self.same(row, cost(few("backward_data"), "bytes", v), cost(few("backward_data"), "flops", v))
            if row["pass"] == "backward_weights":
                self.same(row, cost(WEIGHTS, "bytes", v) + 4 * v["K"], cost(WEIGHTS, "flops", v) + v["y"])

    def test_operations(self):
        parameters = sum(row["layers"] * (9 * pad(c) * pad(k) + pad(k) if row["name"].startswith("conv") else c * k + k)
                         for row in self.layers if row["pass"] == "forward" for _, c, _, _, k in [row["shape"]])
        kernels = {"max_pool": "pool_forward", "max_pool_backward": "pool_backward",
                   "focal_loss": "focal_loss", "augment": "augment_pixels", "gradient_norm": "norm_chunks",
                   "sgd_step": "sgd_chunks", "sum_channels": "add_channels", "normalise_maps": "normalise_rows",
                   "sum": "sum_values"}
        compared = set()
        for row in self.operations:
            if row["name"] not in kernels:
                continue
            n, c, h, w = row["shape"] or (0, 0, 0, 0)
            values = n * pad(c) * h * w
            pixels = n * c if row["layer"] == "maps" else n * h * w
            v = {"x": values, "y": values / 4 if "pool" in row["name"] else values, "pixels": pixels, "count": n * c,
                 "parameters": parameters}
            self.assertEqual(row["least_bytes"], cost(kernels[row["name"]], "bytes", v), row["name"])
            compared.add(row["name"])
        self.assertEqual(compared, set(kernels))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
