#!/usr/bin/env python3
"""One training step of VGG16 at 224 (8 classes, focal loss, SGD): palimpsest and PyTorch alternately.

Each run is a separate process, so that its peak memory is measured alone. PyTorch runs in both memory formats and the
better one counts. Prints medians over all rounds, wall-clock and processor time, and the ratio.

  .venv-peers/bin/python bench/peers/train_step.py build/release/bench/train_step_bench
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time


def pytorch_steps(memory_format, batch, size, steps, threads):
    import torch
    import torchvision
    from cuda_steps import focal_loss

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    layout = getattr(torch, memory_format)
    model = torchvision.models.vgg16(weights=None, num_classes=8, dropout=0.0).to(memory_format=layout).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.001)
    images = torch.rand(batch, 3, size, size) * 2 - 1
    labels = torch.arange(batch) % 8
    seconds, cpu = [], []
    for _ in range(steps + 1):
        start, used = time.perf_counter(), time.process_time()
        logits = model(images.to(memory_format=layout))
        loss = focal_loss(logits, labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds[1:], "cpu_seconds": cpu[1:], "peak_mb": peak}))


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="?", help="the program train_step_bench")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=3, help="timed steps in each process")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pytorch", help=argparse.SUPPRESS)  # one run, in this process
    o = parser.parse_args()
    if o.pytorch:
        return pytorch_steps(o.pytorch, o.batch, o.size, o.steps, o.threads)
    if not o.bench:
        parser.error("name the program train_step_bench")

    numbers = [str(n) for n in (o.batch, o.size, o.steps, o.threads)]
    peer = [sys.executable, __file__, "--batch", numbers[0], "--size", numbers[1], "--steps", numbers[2], "--threads", numbers[3]]
    contestants = {
        "palimpsest": [o.bench, *numbers],
        "PyTorch channels_last": [*peer, "--pytorch", "channels_last"],
        "PyTorch contiguous": [*peer, "--pytorch", "contiguous_format"],
    }
    results = {name: {"seconds": [], "cpu_seconds": [], "peak_mb": []} for name in contestants}
    for number in range(o.rounds):
        for name, command in contestants.items():
            got = run(command)
            for key in ("seconds", "cpu_seconds"):
                results[name][key] += got[key]
            results[name]["peak_mb"].append(got["peak_mb"])
            print(f"round {number + 1} {name}: {min(got['seconds']):.2f} s (load {os.getloadavg()[0]:.1f})", file=sys.stderr)
    medians = {name: {key: statistics.median(values) for key, values in r.items()} for name, r in results.items()}
    for name, m in medians.items():
        low, high = min(results[name]["seconds"]), max(results[name]["seconds"])
        print(f"{name:22} {m['seconds']:6.2f} s a step ({low:.2f} to {high:.2f}), processor {m['cpu_seconds']:6.2f} s, "
              f"peak {m['peak_mb']:6.0f} MB")
    ours, theirs = medians["palimpsest"], [m for name, m in medians.items() if name != "palimpsest"]
    for key in ("seconds", "cpu_seconds"):
        print(f"PyTorch's better format / palimpsest, {key}: {min(m[key] for m in theirs) / ours[key]:.2f}")


if __name__ == "__main__":
    main()
