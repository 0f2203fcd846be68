#!/usr/bin/env python3
"""Relevance of a full-width VGG16 at 224 compared with zennit: how much do the maps differ, and how long do they take?

Runs `palimpsest explain` on weights and pictures from a fixed seed, and zennit's composites on the same, in float64 (what
is judged) and in float32 (how far zennit itself is from that). Prints the relative L1 difference of each map,
sum |ours - theirs| / sum |theirs|. Exits with 1 when a rule that is judged is above the limit.

The study's rules are zennit's z+ for convolutions and Epsilon with epsilon 0 for fully connected layers.
LRP-0 and epsilon through all sixteen layers (`z`, `epsilon`) are shown only: their denominators may be near zero, so
that single precision alone changes them by as much, zennit's too.

  .venv-peers/bin/python bench/peers/agree_with_zennit.py build/release/experiments/palimpsest [--time]
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from zennit import composites, rules

from agree_with_pytorch import make_model, relative_l1
from cuda_steps import import_zennit

CLASSES = 8


Gradient, Study = import_zennit()


class Everywhere(composites.LayerMapComposite):
    def __init__(self, epsilon):
        super().__init__([(torch.nn.ReLU, rules.Pass()),
                          ((torch.nn.Conv2d, torch.nn.Linear), rules.Epsilon(epsilon=epsilon))])


JUDGED = {"study": Study, "epsilon-plus": composites.EpsilonPlus}
SHOWN = {"z": lambda: Everywhere(0), "epsilon": lambda: Everywhere(1e-6)}


def zennit_map(model, x, targets, composite):
    start = torch.zeros(len(x), CLASSES, dtype=x.dtype)
    with Gradient(model=model, composite=composite) as attributor:
        logits = model(x).detach()
        start[torch.arange(len(x)), targets] = logits[torch.arange(len(x)), targets]
        return attributor(x, start)[1].detach()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--limit", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time", action="store_true", help="also the seconds of one batch, in turn, medians of five")
    o = parser.parse_args()
    fine = True
    for batch in o.batch:
        model = make_model(CLASSES, o.seed).eval()
        x = torch.randn(batch, 3, 224, 224)
        targets = torch.arange(batch) * 3 % CLASSES
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "w.safetensors")
            np.save(folder / "x.npy", x.numpy())
            double = make_model(CLASSES, o.seed).double().eval()
            double.load_state_dict({k: v.double() for k, v in model.state_dict().items()})
            for rule, composite in {**JUDGED, **SHOWN}.items():
                subprocess.run([o.program, "explain", "--weights", folder / "w.safetensors", "--data", f"arrays:{folder}/x.npy",
                                "--target", ",".join(str(int(t)) for t in targets), "--rules", rule, "--dialect", "zennit",
                                "--maps", folder / "R.npy", "--quiet"], check=True)
                exact = zennit_map(double, x.double(), targets, composite())
                ours = relative_l1(np.load(folder / "R.npy"), exact)
                theirs = relative_l1(zennit_map(model, x, targets, composite()), exact)
                judged = rule in JUDGED
                fine = fine and (not judged or ours <= o.limit)
                print(f"batch {batch}, {rule:13} palimpsest {ours:.2e}, zennit in float32 {theirs:.2e}"
                      f"{'' if judged else ' (not judged)'}{'   ABOVE THE LIMIT' if judged and ours > o.limit else ''}")
        if o.time:
            measure(o.program, model, x, targets)
    return 0 if fine else 1


def measure(program, model, x, targets):
    import json
    import statistics

    batch, ours, theirs = len(x), [], []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(5):
            out = Path(name) / "b.json"
            subprocess.run([program, "bench", "--batch", str(batch), "--repeats", "3", "--no-layers", "--out", out, "--quiet"],
                           check=True, stdout=subprocess.DEVNULL)
            ours += [s["seconds"] for s in json.loads(out.read_text())["steps"] if s["name"] == "relevance, one class"]
            start = time.perf_counter()
            zennit_map(model, x, targets, Study())
            theirs.append(time.perf_counter() - start)
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"batch {batch}, study: palimpsest {a:.3f} s, zennit {b:.3f} s, ratio {b / a:.2f}")


if __name__ == "__main__":
    sys.exit(main())
