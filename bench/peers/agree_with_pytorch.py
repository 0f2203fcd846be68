#!/usr/bin/env python3
"""Does a full-width VGG16 give the same numbers as PyTorch? Logits, features, gradients and one SGD step.

Runs the program's own commands on weights and pictures from a fixed seed, computes the same in PyTorch and prints the
relative L1 difference of each: sum |ours - theirs| / sum |theirs|. Exits with 1 when one is above the limit.

Gradients are judged against PyTorch's float32, which rounds too: ReLUs and max-pools that are all but tied fall either
way, and each changes the gradients below it. --float64 shows how far both are from double precision. Batches that are
large enough are convolved by Winograd here and directly in PyTorch; that is what training runs, so the default batch is
one of those.

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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--batch", type=int, default=8)  # one that training uses: the algorithm depends on it
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--limit", type=float, default=1e-4)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--float64", action="store_true", help="also PyTorch in double precision, for the gradients")
    o = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = make_model(len(COUNTS), o.seed)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "w.safetensors", metadata={"format": "pt"})
        x = torch.randn(o.batch, 3, o.size, o.size)
        y = torch.arange(o.batch) * 3 % len(COUNTS)
        np.save(folder / "x.npy", x.numpy())
        np.save(folder / "y.npy", y.numpy())

        def palimpsest(*arguments):
            subprocess.run([o.program, *map(str, arguments)], check=True)

        palimpsest("predict", "--weights", folder / "w.safetensors", "--data", f"arrays:{folder}/x.npy",
                   "--logits", folder / "z.npy", "--features", folder / "f.npy")
        palimpsest("train", "--data", f"arrays:{folder}/x.npy,{folder}/y.npy", "--init", folder / "w.safetensors",
                   "--loss", "focal", "--gamma", GAMMA, "--class-counts", ",".join(map(str, COUNTS)), "--beta", BETA,
                   "--lr", o.rate, "--momentum", 0, "--batch", o.batch, "--steps", 1, "--no-shuffle", "--no-augment",
                   "--gradients", folder / "g.safetensors", "--out", folder / "run")

        weights = (1 - BETA) / (1 - BETA ** np.array(COUNTS, dtype=np.float64))
        weights = torch.tensor(weights * len(COUNTS) / weights.sum(), dtype=torch.float32)
        features = model.features(x)
        logits = model(x)
        focal(logits, y, weights).backward()
        gradients = {k: p.grad.clone() for k, p in model.named_parameters()}
        before = {k: p.detach().clone() for k, p in model.named_parameters()}
        torch.optim.SGD(model.parameters(), lr=o.rate).step()

        ours_g, ours_w = load_file(folder / "g.safetensors"), load_file(folder / "run" / "weights.safetensors")
        figures = {"logits": relative_l1(np.load(folder / "z.npy"), logits.detach()),
                   "features": relative_l1(np.load(folder / "f.npy"), features.detach())}
        names = list(before)
        per_tensor = {k: relative_l1(ours_g[k], gradients[k]) for k in names}
        worst = max(per_tensor, key=per_tensor.get)
        flat = lambda tensors: np.concatenate([np.asarray(tensors[k].detach(), np.float64).ravel() for k in names])
        figures["gradients, all"] = relative_l1(flat(ours_g), flat(gradients))
        remarks = {f"gradients, worst tensor ({worst})": per_tensor[worst]}
        after = {k: p.detach() for k, p in model.named_parameters()}
        figures["weights after one step"] = relative_l1(flat(ours_w), flat(after))
        # Weights hardly move in a step, so their change is shown as well.
        remarks["change of the weights"] = relative_l1(flat(ours_w) - flat(before), flat(after) - flat(before))
        if o.float64:
            model.load_state_dict(before)
            model = model.double()
            model.zero_grad(set_to_none=True)
            focal(model(x.double()), y, weights.double()).backward()
            exact = {k: p.grad for k, p in model.named_parameters()}
            remarks["gradients against float64, palimpsest"] = relative_l1(flat(ours_g), flat(exact))
            remarks["gradients against float64, PyTorch"] = relative_l1(flat(gradients), flat(exact))

    for name, figure in figures.items():
        print(f"{name:60} {figure:.2e}")
    for name, figure in remarks.items():
        print(f"{name + ' (not judged)':60} {figure:.2e}")
    if not all(figure <= o.limit for figure in figures.values()):
        print(f"above {o.limit}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
