#!/usr/bin/env python3
"""Does a full-width VGG16 give the same numbers as PyTorch? Logits, features, gradients and one SGD step.

Runs the program's own commands on weights and pictures from a fixed seed, computes the same in PyTorch and prints the
relative L1 difference of each: sum |ours - theirs| / sum |theirs|. Exits with 1 when one is above the limit.

PyTorch uses direct convolution; palimpsest does so in the forward pass for batches of one or two images, and always with
--convolution direct. The two cases judged are therefore a default batch of 2 and a batch of 8 with --convolution direct.

A default batch of 8 uses Winograd and is shown, but its gradients are not judged against PyTorch's: both round, and
rounding decides near-ties of ReLUs and max-pools, each of which changes the gradients below it. The distance of each
from double precision is also shown (PyTorch in float64, on the same pictures).

  .venv-peers/bin/python bench/peers/agree_with_pytorch.py build/release/experiments/palimpsest
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.torch import load_file, save_file

COUNTS = [74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750]
BETA, GAMMA = 0.99998, 5.0


def relative_l1(ours, theirs):
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        return float("inf")
    return np.abs(ours - theirs).sum() / np.abs(theirs).sum()


def focal(logits, labels, weights):
    log_p = torch.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
    return (-weights[labels] * (1 - log_p.exp()) ** GAMMA * log_p).mean()


def make_model(classes, seed=1):
    torch.manual_seed(seed)
    model = torchvision.models.vgg16(weights=None, num_classes=classes, dropout=0.0)
    for p in model.parameters():  # He's numbers, so that the signal reaches the logits
        with torch.no_grad():
            p.normal_(0, (2.0 / p[0].numel()) ** 0.5) if p.dim() > 1 else p.normal_(0, 0.05)
    return model


def flat(tensors, names):
    return np.concatenate([np.asarray(tensors[k].detach(), np.float64).ravel() for k in names])


def compare(program, batch, convolution, float64, options):
    """Prints each figure; returns whether those that are judged are within the limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = make_model(len(COUNTS), options.seed)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "w.safetensors", metadata={"format": "pt"})
        x = torch.randn(batch, 3, options.size, options.size)
        y = torch.arange(batch) * 3 % len(COUNTS)
        np.save(folder / "x.npy", x.numpy())
        np.save(folder / "y.npy", y.numpy())

        def palimpsest(*arguments):
            subprocess.run([program, *map(str, arguments), "--convolution", convolution, "--quiet"], check=True)

        palimpsest("predict", "--weights", folder / "w.safetensors", "--data", f"arrays:{folder}/x.npy",
                   "--logits", folder / "z.npy", "--features", folder / "f.npy")
        palimpsest("train", "--data", f"arrays:{folder}/x.npy,{folder}/y.npy", "--init", folder / "w.safetensors",
                   "--loss", "focal", "--gamma", GAMMA, "--class-counts", ",".join(map(str, COUNTS)), "--beta", BETA,
                   "--lr", options.rate, "--momentum", 0, "--batch", batch, "--steps", 1, "--no-shuffle", "--no-augment",
                   "--gradients", folder / "g.safetensors", "--out", folder / "run")

        weights = (1 - BETA) / (1 - BETA ** np.array(COUNTS, dtype=np.float64))
        weights = torch.tensor(weights * len(COUNTS) / weights.sum(), dtype=torch.float32)
        features = model.features(x)
        logits = model(x)
        focal(logits, y, weights).backward()
        gradients = {k: p.grad.clone() for k, p in model.named_parameters()}
        before = {k: p.detach().clone() for k, p in model.named_parameters()}
        torch.optim.SGD(model.parameters(), lr=options.rate).step()
        after = {k: p.detach() for k, p in model.named_parameters()}
        names = list(before)
        ours_g, ours_w = load_file(folder / "g.safetensors"), load_file(folder / "run" / "weights.safetensors")
        ours_z, ours_f = np.load(folder / "z.npy"), np.load(folder / "f.npy")

    per_tensor = {k: relative_l1(ours_g[k], gradients[k]) for k in names}
    worst = max(per_tensor, key=per_tensor.get)
    judged = {"logits": relative_l1(ours_z, logits.detach()), "features": relative_l1(ours_f, features.detach()),
              "weights after one step": relative_l1(flat(ours_w, names), flat(after, names))}
    shown = {}
    # Weights hardly change in a step, so the change itself is compared too.
    (shown if float64 else judged).update({
        "gradients, all": relative_l1(flat(ours_g, names), flat(gradients, names)),
        f"gradients, worst tensor ({worst})": per_tensor[worst],
        "change of the weights": relative_l1(flat(ours_w, names) - flat(before, names), flat(after, names) - flat(before, names)),
    })
    if float64:
        model.load_state_dict(before)
        model = model.double()
        model.zero_grad(set_to_none=True)
        focal(model(x.double()), y, weights.double()).backward()
        exact = {k: p.grad for k, p in model.named_parameters()}
        shown["gradients against float64, palimpsest"] = relative_l1(flat(ours_g, names), flat(exact, names))
        shown["gradients against float64, PyTorch"] = relative_l1(flat(gradients, names), flat(exact, names))
    print(f"batch {batch}, --convolution {convolution}")
    for name, figure in judged.items():
        print(f"  {name:60} {figure:.2e}{'' if figure <= options.limit else '   ABOVE THE LIMIT'}")
    for name, figure in shown.items():
        print(f"  {name + ' (not judged)':60} {figure:.2e}")
    return all(figure <= options.limit for figure in judged.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--limit", type=float, default=1e-4)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="only the batch of 2")
    o = parser.parse_args()
    fine = compare(o.program, 2, "auto", False, o)
    if not o.quick:
        fine = compare(o.program, 8, "direct", False, o) and fine
        fine = compare(o.program, 8, "auto", True, o) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
