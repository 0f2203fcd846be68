#!/usr/bin/env python3
"""VGG16 at 224 (8 classes) by PyTorch and zennit on a GPU: what `palimpsest bench` does, as its users would write it there.

Each step runs in fp32 (exact), tf32 and bf16 (autocast), contiguous and channels_last, eagerly and, with --compile,
through torch.compile. Layers are timed alone, forward and both gradients, as cuDNN runs them for PyTorch
(cudnn.benchmark is on). Times are medians between CUDA events; `spread` is half the distance between the quartiles,
relative to the median. Writes one JSON file, after every entry, so that a run that is cut short keeps what it has.

  python3 bench/peers/cuda_steps.py --out peers.json --batch 8 32 --compile
  python3 bench/peers/cuda_steps.py --out peers.json --device cpu --size 32 --width 0.0625 --seconds 20    a trial run
"""
import argparse
import json
import pathlib
import statistics
import sys
import time
import types

import torch

CLASSES = 8
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
PRECISIONS = ("fp32", "tf32", "bf16")
FORMATS = ("contiguous_format", "channels_last")


def vgg16(size, width):
    """torchvision's, without dropout, which the study does not use; channels a multiple of 8."""
    layers, channels = [], 3
    for outputs, count in BLOCKS:
        outputs = max(8, round(outputs * width / 8) * 8)
        for _ in range(count):
            layers += [torch.nn.Conv2d(channels, outputs, 3, padding=1), torch.nn.ReLU()]
            channels = outputs
        layers.append(torch.nn.MaxPool2d(2))
    hidden = max(8, round(4096 * width / 8) * 8)
    layers += [torch.nn.Flatten(), torch.nn.Linear(channels * (size // 32) ** 2, hidden), torch.nn.ReLU(),
               torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, CLASSES)]
    return torch.nn.Sequential(*layers)


LAYERS_OF_HEAD = 6  # the flattening and all behind it


def set_precision(precision):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "fp32"


class Clock:
    def __init__(self, device):
        self.cuda = device.type == "cuda"

    def once(self, run):
        if not self.cuda:
            start = time.perf_counter()
            run()
            return time.perf_counter() - start
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3

    def times(self, run, seconds=0.3, least=5, most=100):
        """Medians after a warm-up, in which plans are made and graphs are compiled."""
        for _ in range(3 if self.cuda else 1):
            run()
        got, start = [], time.perf_counter()
        while len(got) < least or (len(got) < most and time.perf_counter() - start < seconds):
            got.append(self.once(run))
        low, middle, high = statistics.quantiles(got, n=4)
        return {"seconds": middle, "spread": (high - low) / 2 / middle, "runs": len(got)}


def focal_loss(logits, labels, gamma=5):
    log_p = torch.log_softmax(logits.float(), 1).gather(1, labels[:, None])[:, 0]
    return (-((1 - log_p.exp()) ** gamma) * log_p).mean()


def import_zennit():
    """Its attributor and the study's rules. zennit imports torchvision for networks that are not used here; where it is missing, empty classes stand in."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        names = ("torchvision", "torchvision.models", "torchvision.models.resnet")
        for name in names:
            sys.modules[name] = types.ModuleType(name)
        sys.modules[names[2]].Bottleneck = sys.modules[names[2]].BasicBlock = torch.nn.Module
    from zennit import composites, rules
    from zennit.attribution import Gradient

    class Study(composites.LayerMapComposite):  # the study's rules
        def __init__(self):
            super().__init__([(torch.nn.ReLU, rules.Pass()), (torch.nn.Conv2d, rules.ZPlus()),
                              (torch.nn.Linear, rules.Epsilon(epsilon=0))])

    return Gradient, Study


class Bench:
    def __init__(self, o):
        self.o, self.device, self.clock = o, torch.device(o.device), Clock(torch.device(o.device))
        self.end = time.monotonic() + o.seconds
        self.results = {"torch": torch.__version__, "device": str(self.device), "size": o.size, "width": o.width,
                        "steps": [], "layers": [], "left_out": []}
        if self.clock.cuda:
            self.results |= {"gpu": torch.cuda.get_device_name(), "cudnn": torch.backends.cudnn.version()}

    def save(self):
        temporary = self.o.out.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.results, indent=1) + "\n")
        temporary.replace(self.o.out)

    def add(self, kind, about, run):
        """Nothing that fails, or for which no time is left, stops the rest: it is listed with its reason."""
        if time.monotonic() > self.end:
            self.results["left_out"].append({**about, "reason": "no time left"})
            return
        try:
            self.results[kind].append({**about, **self.clock.times(run)})
        except Exception as error:  # a library's own, of any type
            self.results["left_out"].append({**about, "reason": f"{type(error).__name__}: {str(error).splitlines()[0][:300]}"})
        self.save()

    def autocast(self, precision):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=precision == "bf16")

    def steps(self, batch, precision, layout, compiled):
        set_precision(precision)
        torch.manual_seed(1)
        model = vgg16(self.o.size, self.o.width).to(self.device, memory_format=getattr(torch, layout))
        run_model = torch.compile(model) if compiled else model
        optimiser = torch.optim.SGD(model.parameters(), lr=0.001)
        images = torch.randn(batch, 3, self.o.size, self.o.size, device=self.device)
        images = images.to(memory_format=getattr(torch, layout))
        labels = torch.arange(batch, device=self.device) % CLASSES
        about = {"batch": batch, "precision": precision, "layout": layout, "compiled": compiled}

        def forward():
            with torch.no_grad(), self.autocast(precision):
                run_model(images)

        def train(part, inputs):
            with self.autocast(precision):
                loss = focal_loss(part(inputs), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

        self.add("steps", {"name": "forward", **about}, forward)
        self.add("steps", {"name": "training step", **about}, lambda: train(run_model, images))
        blocks, head = model[:-LAYERS_OF_HEAD], model[-LAYERS_OF_HEAD:]
        with torch.no_grad():
            features = blocks(images)
        optimiser = torch.optim.SGD(head.parameters(), lr=0.001)
        run_head = torch.compile(head) if compiled else head
        self.add("steps", {"name": "head-only step", **about}, lambda: train(run_head, features))

    def relevance(self, batch, precision, layout):
        set_precision(precision)
        torch.manual_seed(1)
        Gradient, Study = import_zennit()
        model = vgg16(self.o.size, self.o.width).to(self.device, memory_format=getattr(torch, layout)).eval()
        images = torch.randn(batch, 3, self.o.size, self.o.size, device=self.device)
        images = images.to(memory_format=getattr(torch, layout))
        about = {"batch": batch, "precision": precision, "layout": layout, "compiled": False}

        def explain(targets):
            with self.autocast(precision), Gradient(model=model, composite=Study()) as attributor:
                for target in range(targets):
                    attributor(images, torch.eye(CLASSES, device=self.device)[[target]].expand(batch, -1))

        self.add("steps", {"name": "relevance, one class", **about}, lambda: explain(1))
        self.add("steps", {"name": "relevance, all classes", **about}, lambda: explain(CLASSES))

    def layers(self, batch, precision, layout):
        set_precision(precision)
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        channels, side, seen = 3, self.o.size, set()
        for block, (outputs, count) in enumerate(BLOCKS, 1):
            outputs = max(8, round(outputs * self.o.width / 8) * 8)
            for index in range(1, count + 1):
                shape = (batch, channels, side, side, outputs)
                if shape not in seen:
                    self.layer(f"conv{block}_{index}", shape, dtype, precision, layout)
                seen.add(shape)
                channels = outputs
            side //= 2

    def layer(self, name, shape, dtype, precision, layout):
        batch, channels, side, _, outputs = shape
        memory = {"device": self.device, "dtype": dtype}
        to = {"memory_format": getattr(torch, layout)}
        x = torch.randn(batch, channels, side, side, **memory).relu().contiguous(**to)
        w = torch.randn(outputs, channels, 3, 3, **memory).contiguous(**to)
        b = torch.randn(outputs, **memory)
        dy = torch.randn(batch, outputs, side, side, **memory).contiguous(**to)
        about = {"layer": name, "shape": shape, "precision": precision, "layout": layout}

        def gradient(of_x, of_w):
            torch.ops.aten.convolution_backward(dy, x, w, [outputs], [1, 1], [1, 1], [1, 1], False, [0, 0], 1,
                                                [of_x, of_w, of_w])

        self.add("layers", {"pass": "forward", **about}, lambda: torch.nn.functional.conv2d(x, w, b, padding=1).relu_())
        self.add("layers", {"pass": "backward_data", **about}, lambda: gradient(True, False))
        self.add("layers", {"pass": "backward_weights", **about}, lambda: gradient(False, True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, nargs="+", default=[8])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--width", type=float, default=1)
    parser.add_argument("--seconds", type=float, default=100, help="after which no new measurement begins")
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--compile", action="store_true", help="torch.compile too, which takes half a minute each")
    parser.add_argument("--layers", action="store_true", help="every convolution alone")
    o = parser.parse_args()
    if torch.device(o.device).type == "cuda" and not torch.cuda.is_available():
        sys.exit("cuda_steps: PyTorch finds no GPU; give --device cpu for a trial run")
    torch.backends.cudnn.benchmark = True
    bench = Bench(o)
    for batch in o.batch:
        for precision in o.precision:
            bench.steps(batch, precision, "channels_last", False)
        for precision in o.precision:
            try:
                bench.relevance(batch, precision, "contiguous_format")
            except ImportError as error:
                bench.results["left_out"].append({"name": "relevance", "reason": str(error)})
        for precision in o.precision:
            bench.steps(batch, precision, "contiguous_format", False)
        if o.layers:
            for precision in o.precision:
                bench.layers(batch, precision, "channels_last")
        if o.compile:
            for precision in o.precision:
                bench.steps(batch, precision, "channels_last", True)
    bench.save()


if __name__ == "__main__":
    main()
