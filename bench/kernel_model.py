"""How long a kernel should take: the longest of several bounds, each from counted instructions, bytes or clocks.

Of a product (all times of the whole launch; n = blocks of the busiest multiprocessor, ceil(blocks / multiprocessors)):

  issue    ceil(n x warps / 4) x instructions of a warp          a scheduler issues one a clock (CUDA C++ Programming Guide)
  pipe     FLOPs / (peak x mma), by the busiest multiprocessor   data sheet; mma: see bench/gpus.toml
  double   n x operations in double precision / lanes            CUDA C++ Programming Guide, arithmetic instructions
  shared   n x clocks of shared memory                           128 bytes a clock (CUDA C++ Programming Guide)
  l2       bytes that all steps fetch / bandwidth of L2          nothing hits in L1: copies bypass it
  memory   each operand and result once / bandwidth              roofline (Williams, Waterman and Patterson, 2009)
  waiting  waves x steps x latency / tiles ahead                 Little's law: a step lasts until its tile has arrived

A product of warpgroups (their code has `consumers`) has one block on a multiprocessor. If it has no `writers`, its warps
write the results while the tensor cores wait: `pipe` counts the instructions for that too. `mma` is not for its instructions. The sums of rows that
one column of tiles adds up (the gradient of the bias) are not counted: at most 5 % of the tensor cores' time.

Elsewhere: memory, issue, and `waiting`, bytes x latency / bytes in flight. To the longest bound a launch adds the time
between two launches. A product reads its operands from memory; other kernels read theirs from L2 if they fit. Bank conflicts,
misses of the instruction cache and chains of dependent instructions are not counted. A result of the tile is counted with
the longest way to it: with all four terms of a rule and a gate, although the study's rules have fewer. Where the machine
code does not say how many tiles are ahead, one is assumed. Otherwise the bounds are exact about what nvcc generated and
optimistic about the rest: a kernel that takes twice its prediction waits for something that is not here.
"""
import csv
import io
import json
import math

from kernel_occupancy import warps_of
from kernel_report import Incomplete, blocks_of, entry_of, threads_of, values_of

SCHEDULERS, LANES = 4, 32
PRECISIONS, BATCHES, TARGETS = ("fp32", "tf32", "bf16"), (8, 32), (1, 8)
WARPGROUPS = "90"  # the architecture that has them
BY_WARPGROUPS = {("forward_kernel", ", false, BiasRelu"): "hopper::Forward, BiasRelu",
                 ("forward_kernel", ", false, Divide"): "hopper::Forward, Divide",
                 ("backward_data_kernel", ""): "hopper::BackwardData, RedistributeAndSum",
                 ("backward_weights_kernel", ", BiasRelu"): "hopper::BackwardWeights, BiasRelu"}
PASSES = ("forward", "backward_data", "backward_weights", "denominator", "redistribute")


class Machine:
    """Times of launches of the recorded kernels on one GPU."""

    def __init__(self, gpu, kernels, costs):
        self.gpu, self.kernels, self.costs = gpu, kernels, costs

    def kernel(self, name):
        if name not in self.kernels:
            raise Incomplete(f"a prediction needs the kernel {name}, which no file has; change bench/kernel_model.py")
        numbers, entry, architecture = self.kernels[name], entry_of(name, self.costs), self.gpu["architecture"]
        return (numbers[architecture]["code"], threads_of(name, numbers, entry),
                blocks_of(name, numbers, architecture, entry))

    def clocks(self, count):
        return count / self.gpu["clock"]

    def memory(self, moved):
        return moved / (self.gpu["bandwidth"] * self.gpu["sustained"])

    def launch(self, name, bounds, least):
        binds = max(bounds, key=bounds.get)
        return {"kernel": name, "seconds": bounds[binds] + self.gpu["launch"], "bounds": bounds, "binds": binds,
                "least": least}

    def least(self, moved, flops, precision):
        return max(moved / self.gpu["bandwidth"], flops / self.gpu["peak"][precision])

    def product(self, name, cut, moved, flops, rule_terms=1, targets=1):
        """One launch of a tiled product. `moved`: bytes if each is moved once; `rule_terms`: of a relevance rule."""
        gpu, (code, threads, resident) = self.gpu, self.kernel(name)
        rows, columns, depth = code["tile"]
        step, warpgroups = code["step"], "consumers" in code
        threads = code.get("consumers", threads)
        warps = warps_of(threads)
        blocks = cut["row_tiles"] * cut["column_tiles"] * cut["parts"]
        steps = math.ceil(cut["taps"] * math.ceil(cut["terms"] / depth) / cut["parts"]) * rule_terms
        busiest = math.ceil(blocks / gpu["multiprocessors"])
        waves = math.ceil(blocks / (gpu["multiprocessors"] * resident))
        cut_sum = cut["parts"] > 1
        each = code["per partial"] if cut_sum else code["per result"] + targets * code["per target"]
        results, doubles = rows * columns / threads * each, 0 if cut_sum else rows * columns * code["doubles"]
        # Several lanes of a fp32 product read the same values: its reads take one clock each, all others their width.
        shared = step.get("shared reads", 0) if cut["precision"] == "fp32" else step.get("shared clocks", 0)
        # Blocks of a cluster fetch the columns' factor once for all of them.
        fetched = blocks * steps * (rows + columns / cut.get("together", 1)) * depth * (2 if cut["precision"] == "bf16" else 4)
        cold = min(1.0, moved / fetched)  # the share of the fetches that no earlier one has brought to L2
        latency = gpu["l2_latency"] + cold * (gpu["memory_latency"] - gpu["l2_latency"])
        mma = 1 if cut["precision"] == "fp32" or warpgroups else gpu["mma"]
        rate = gpu["peak"][cut["precision"]] * mma / gpu["multiprocessors"]
        # Results are written while the tensor cores wait, or go to writers through shared memory, which takes less.
        alone = (rows * columns * 4 / 128 if code.get("writers") else math.ceil(warps / SCHEDULERS) * results)
        alone = self.clocks(busiest * alone) if warpgroups else 0
        return self.launch(name, {
            "issue": self.clocks(math.ceil(busiest * warps / SCHEDULERS) * ((steps + 1) * step["issued"] + results)),
            "pipe": busiest * steps * rows * columns * depth * 2 / rate + alone,
            "double": self.clocks(busiest * doubles / gpu["double_lanes"]),
            "shared": self.clocks(busiest * steps * warps * shared),
            "l2": fetched / gpu["l2_bandwidth"],
            "memory": self.memory(moved),
            "waiting": self.clocks(waves * (steps + 1) * latency / max(1, code["ahead"] or 1)),
        }, self.least(moved, flops, cut["precision"]))

    def stream(self, name, moved, threads=None, products=0, overhead=False):
        """One launch of a kernel that passes over its operands. `threads`: of the launch, if they are few; `products`:
        fused multiply-adds of weights that are read once, by which instructions are counted; `overhead`: another launch
        has the operation's least time."""
        gpu, (code, of_block, resident) = self.gpu, self.kernel(name)
        step = code["step"]
        flight = max(4, code["bytes in flight"])
        most = gpu["multiprocessors"] * resident * of_block
        active = min(most, threads or max(1, moved / flight))
        cached = moved <= gpu["l2_holds"] and not products  # the launch before has just written or read it
        latency = self.clocks(gpu["l2_latency" if cached else "memory_latency"])
        each = step.get("products") if products else LANES * (step.get("bytes read", 0) + step.get("bytes written", 0))
        times = (products or moved) / each if each else 0
        busy = max(1, min(gpu["multiprocessors"], active / of_block))
        return self.launch(name, {
            "issue": self.clocks(times * step["issued"] / (SCHEDULERS * busy)),
            "memory": moved / gpu["l2_bandwidth"] if cached else self.memory(moved),
            "waiting": latency * max(1.0, moved / (active * flight)),
        }, 0 if overhead else self.least(moved, 2 * products, "fp32"))


# ----------------------------------------------------------------------------------------------------- layers and passes

class Network:
    """VGG16 on one GPU, for one batch and precision."""

    def __init__(self, machine, batch, precision, cuts):
        self.machine, self.batch, self.precision, self.cuts = machine, batch, precision, cuts
        self.bf16 = precision == "bf16"
        group = machine.costs["group"]
        self.values = {shape["name"]: values_of(group[kind], {"images": batch, **shape})
                       for kind in ("convolutions", "linear", "poolings") for shape in group[kind]["shapes"]}
        self.convolutions = [s["name"] for s in group["convolutions"]["shapes"]]
        self.linear = [s["name"] for s in group["linear"]["shapes"]]
        self.pools = [s["name"] for s in group["poolings"]["shapes"]]
        self.layers = self.convolutions + self.linear
        # Those whose weights a step changes while it forms their gradient.
        self.stepped = [l for l in self.linear if (cut := self.cut_of_step(l))["tile"] == "large" and cut["parts"] == 1]
        # Those that a layer follows without a pool.
        self.rectified = [c for c, after in zip(self.convolutions, self.convolutions[1:]) if c[:5] == after[:5]] + self.linear[:2]

    def cost(self, kernel, what, values):
        return eval(entry_of(kernel, self.machine.costs)[what], {"__builtins__": {}}, dict(values))  # our own file

    def stream(self, kernel, values, copied=0, **more):
        """`copied`: values of which it also writes a copy in BF16, if products read one."""
        return self.machine.stream(kernel, self.cost(kernel, "bytes", values) + self.bf16 * 2 * copied, **more)

    def copy(self, *values):
        """One launch for each tensor whose copy is made separately."""
        return [self.machine.stream("copy_whole_rows", 6 * count, overhead=True) for count in values if self.bf16]

    def apply(self, epilogue, cut, passes, overhead=True):
        """The second pass: `passes` over the results besides the parts."""
        rows, columns = cut["rows"], cut["columns"]
        threads = 256 * min(math.ceil(rows / 8), 2048) * math.ceil(columns / 128)
        return self.machine.stream(f"apply_epilogue_kernel<{epilogue}>", 4 * rows * columns * (cut["parts"] + passes),
                                   threads=threads, overhead=overhead)

    def product(self, layer, name, cut, epilogue, passes, copied=None, **more):
        """The launches of one product: tiles or few rows, and the second pass if the sum was cut. `copied`: "y" or "x", if
        the result has so many values and is also written as a copy, or copied after the second pass."""
        kernel = f"{name[0]}<TileOf<{cut['precision']}, {cut['tile']}>{name[1]}>"
        if str(cut["tile"]).startswith("warpgroup_"):
            kernel = f"hopper::product_kernel<hopper::Tile<{cut['tile'][10:]}>, {BY_WARPGROUPS[name]}>"
        values = self.values[layer]
        if cut["tile"] == "few_rows":
            few = f"few_rows_{name[0]}<8>"
            return [self.stream(few, values, products=values["products"]), self.apply(epilogue, cut, passes)]
        targets = more.get("targets", 1)
        moved = self.cost(kernel, "bytes", values) + 8 * values["y"] * (targets - 1)
        if self.bf16:
            moved -= 2 * self.cost(kernel, "factors", values)
            if copied and cut["parts"] == 1:
                moved += 2 * values[copied] * targets
        launches = [self.machine.product(kernel, cut, moved, self.cost(kernel, "flops", values), **more)]
        if cut["parts"] == 1:
            return launches
        return launches + [self.apply(epilogue, cut, passes), *(self.copy(*[values[copied]] * targets) if copied else [])]

    def cut(self, layer, product):
        """By warpgroups where the GPU has them and the library chooses them."""
        key = (layer, self.batch, product)
        by_warpgroups = self.bf16 and self.machine.gpu["architecture"] == WARPGROUPS and self.cuts.get((*key, "bf16 warpgroups"))
        return {**by_warpgroups, "precision": "bf16"} if by_warpgroups else self.cuts[*key, self.precision]

    def cut_of_step(self, layer):
        return self.cuts[layer, self.batch, "backward_weights", self.precision]

    def forward(self, layer):
        return self.product(layer, ("forward_kernel", ", false, BiasRelu"), self.cut(layer, "forward"), "BiasRelu", 1,
                            copied="y" if layer in self.rectified else None)

    def backward_data(self, layer, passes=1, copied=None):
        return self.product(layer, ("backward_data_kernel", ""), self.cut(layer, "backward_data"), "Redistribute", passes,
                            copied)

    def gradient(self, layer):
        """Backward data of training: behind a ReLU it passes that too, and the layer below reads a copy."""
        behind = self.layers[self.layers.index(layer) - 1] in self.rectified
        return self.backward_data(layer, 1 + behind, "x" if behind else None)

    def backward_weights(self, layer):
        cut = self.cut(layer, "backward_weights")
        return [*self.product(layer, ("backward_weights_kernel", ", BiasRelu"), cut, "BiasRelu", 1), *self.bias_sums(layer)]

    def step_weights(self, layer, momentum):
        """The gradient of the weights, with their SGD step and their copy."""
        cut, values = self.cut_of_step(layer), self.values[layer]
        kernel = f"backward_weights_kernel<TileOf<{cut['precision']}, large>, StepWeights>"
        moved = self.cost(kernel, "bytes", values) - (0 if momentum else 8 * values["w"])
        if self.bf16:
            moved += 2 * values["w"] - 2 * self.cost(kernel, "factors", values)
        return [self.machine.product(kernel, cut, moved, self.cost(kernel, "flops", values)), *self.bias_sums(layer)]

    def bias_sums(self, layer):
        cut = self.cut(layer, "backward_weights")
        pixels, outputs = cut["terms"], cut["rows"]
        if str(cut["tile"]).startswith("warpgroup_"):  # which have them from one column of tiles
            return [self.machine.stream("column_sums_kernel", 4 * cut["parts"] * outputs, overhead=True,
                                        threads=256 * math.ceil(outputs / 32))][:cut["parts"] > 1]
        slices = min(max(pixels // 256, 1), 128)
        return [self.machine.stream("column_sums_kernel", 4 * rows * outputs, overhead=True,
                                    threads=256 * blocks * math.ceil(outputs / 32))
                for rows, blocks in ((pixels, slices), (slices, 1))[:1 + (slices > 1)]]

    def weights(self, layers, momentum):
        """Of a training step: the gradients of these layers' parameters, and SGD."""
        rest = sum(self.values[layer]["w"] * (layer not in self.stepped) + self.values[layer]["K"] for layer in layers)
        sgd = self.cost("sgd_chunks", "bytes", {"parameters": rest}) - (0 if momentum else 8 * rest)
        return [*(launch for layer in layers for launch in
                  (self.step_weights(layer, momentum) if layer in self.stepped else self.backward_weights(layer))),
                self.machine.stream("sgd_chunks", sgd + self.bf16 * 2 * rest)]

    def denominator(self, layer, targets=1):
        """By the study's rules: z+ of a convolution (two terms for pixels), LRP-0 of a linear layer, whose z is known."""
        first = layer == self.convolutions[0]
        cut = self.cut(layer, "denominator_of_terms" if first else "denominator")
        if layer in self.linear:
            launches = [self.apply("Divide", {**cut, "parts": 1}, 2 * targets, overhead=False),
                        *self.copy(*[self.values[layer]["y"]] * targets)]
        else:
            name = ("forward_kernel", f", {str(first).lower()}, Divide")
            launches = self.product(layer, name, cut, "Divide", 1 + 2 * targets, copied="y", rule_terms=1 + first,
                                    targets=targets)
        return [*launches, self.machine.stream("add_ledger_kernel", 40 * cut["row_tiles"] * cut["column_tiles"], threads=256,
                                                     overhead=True)]

    def redistribute(self, layer):
        """To one target; one product for each term."""
        return self.backward_data(layer, 2) * (1 + (layer == self.convolutions[0]))

    def outgoing(self, layer):
        """Adds what the blocks of the first target's redistribution have summed."""
        cut = self.cut(layer, "backward_data")
        return self.machine.stream("add_outgoing_kernel", 16 * cut["row_tiles"] * cut["column_tiles"], threads=256,
                                   overhead=True)

    def totals(self):
        """Seconds of whole operations. Copies from and to the host are not counted."""
        machine, gpu = self.machine, self.machine.gpu
        images = {"pixels": self.batch * 224 * 224}
        pools = [self.values[p] for p in self.pools]
        first, head = self.values[self.layers[0]], [self.values[layer] for layer in self.linear]
        forward = seconds(f for layer in self.layers for f in self.forward(layer))
        forward += seconds([*(self.stream("pool_forward", p, copied=p["y"]) for p in pools), *self.copy(first["x"], head[0]["x"])])
        training = forward + seconds(
            [self.stream("augment_pixels", images), self.stream("focal_loss", {"count": self.batch * 8}, threads=256),
             *self.copy(head[-1]["y"]),
             *self.weights(self.layers, True), *(b for layer in self.layers[1:] for b in self.gradient(layer)),
             *(self.stream("pool_backward", p, copied=p["x"]) for p in pools)])
        features = {"y": head[0]["x"]}
        head_only = seconds(
            [self.stream("take_images_kernel", features), self.stream("gather", features), *self.copy(head[0]["x"]),
             *(f for layer in self.linear for f in self.forward(layer)),
             self.stream("focal_loss", {"count": self.batch * 8}, threads=256), *self.copy(head[-1]["y"]),
             *self.weights(self.linear, False), *(b for layer in self.linear[1:] for b in self.gradient(layer))])
        found = {"forward": forward, "training step": training, "head-only step": head_only}
        for targets in TARGETS:
            # The ledger is the first target's. The host waits for the logits and at the end, for the ledger with
            # everything before it, and for each target's maps.
            relevance = seconds(
                [*(d for layer in self.layers for d in self.denominator(layer, targets)),
                 *(r for layer in self.layers for r in self.redistribute(layer) * targets),
                 *(self.stream("pool_backward", p) for p in pools * targets),
                 *(self.outgoing(layer) for layer in self.layers),
                 self.stream("sum_values", {"y": head[-1]["y"]}),
                 *[self.stream("add_channels", images), self.stream("sum_values", {"y": images["pixels"]})] * targets])
            waits = 2 + targets
            found[f"relevance, {targets} target{'s' * (targets > 1)}"] = forward + relevance + waits * gpu["round_trip"]
        return found


def seconds(launches):
    return sum(launch["seconds"] for launch in launches)


# --------------------------------------------------------------------------------------------------------- predictions

def read_cuts(text):
    """(layer, batch, product, precision) -> how the library cuts it; see tests/cuda_static/kernel_cuts.cpp."""
    cuts = {}
    for row in csv.DictReader(io.StringIO(text)):
        cut = {name: int(value) if value.isdigit() else value for name, value in row.items()}
        cuts[cut["layer"], cut["batch"], cut["product"], cut["precision"]] = cut
    return cuts


def milliseconds(value):
    return float(f"{1e3 * value:.4g}")


def summary(launches):
    """Of a pass over a layer: its time, each bound of its longest launch, and the share of the roofline's time."""
    longest = max(launches, key=lambda launch: launch["seconds"])
    return {"ms": milliseconds(seconds(launches)), "launches": len(launches), "kernel": longest["kernel"],
            "binds": longest["binds"], "bounds": {name: milliseconds(value) for name, value in longest["bounds"].items()},
            "roofline": float(f"{sum(launch['least'] for launch in launches) / seconds(launches):.3g}")}


def text_of(predictions):
    """As JSON: `totals` as they are, of `layers` one list for each, in the order of `columns`."""
    bounds = ("issue", "pipe", "double", "shared", "l2", "memory", "waiting")
    columns = [name for name in predictions["layers"][0] if name != "bounds"]
    rows = [[entry[name] for name in columns] + [entry["bounds"].get(name) for name in bounds]
            for entry in predictions["layers"]]
    lists = {"totals": predictions["totals"], "columns": [*columns, *bounds], "layers": rows}
    lines = {name: ",\n ".join(map(json.dumps, entries)) for name, entries in lists.items()}
    return "{" + ",\n".join(f'"{name}": [\n {text}\n]' for name, text in lines.items()) + "}\n"


def predict(kernels, costs, gpus, cuts_text):
    cuts = read_cuts(cuts_text)
    layers, totals = [], []
    for gpu in (g for g in gpus if "multiprocessors" in g):
        machine = Machine(gpu, kernels, costs)
        for batch in BATCHES:
            for precision in PRECISIONS:
                network = Network(machine, batch, precision, cuts)
                where = {"gpu": gpu["name"], "batch": batch, "precision": precision}
                totals.append({**where, **{name: milliseconds(s) for name, s in network.totals().items()}})
                layers += [{**where, "pass": one, "layer": layer, **summary(getattr(network, one)(layer))}
                           for one in PASSES for layer in network.layers]
    return {"totals": totals, "layers": layers}
