#!/usr/bin/env python3
"""Goldens of a small VGG16 from PyTorch: outputs, gradients and one SGD step with focal loss and class weights.

Weights and pictures come from an integer hash that the C++ test computes as well, so only results are stored.
Needs numpy, torch, torchvision and safetensors.  Usage: make_network.py  (writes tests/goldens/network/)
"""
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file
from torch import nn

OUT = Path(__file__).parent / "network"
SIZE, BATCH, CLASSES, HIDDEN, CHANNELS = 64, 4, 8, (24, 20), (8, 8, 12, 16, 16)
COUNTS = [74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750]
BETA, GAMMA, RATE, LABELS = 0.99998, 5.0, 0.5, [7, 1, 4, 2]


def hashed(stream, count):
    """count numbers in [-1, 1) with 24 bits each, which float32 holds exactly: lowbias32 of index and stream."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(stream * 0x9E3779B9 % 2**32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def vgg16():
    layers, channels = [], 3
    for block, width in enumerate(CHANNELS):
        for _ in range((2, 2, 3, 3, 3)[block]):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    head, inputs = [], channels * (SIZE // 32) ** 2
    for width in HIDDEN:
        head += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(0)]
        inputs = width
    head.append(nn.Linear(inputs, CLASSES))
    return nn.Sequential(dict_of(features=nn.Sequential(*layers), flatten=nn.Flatten(), classifier=nn.Sequential(*head)))


def dict_of(**modules):
    from collections import OrderedDict
    return OrderedDict(modules)


def fill(model):
    for stream, (name, p) in enumerate(model.named_parameters()):
        fan_in = p[0].numel() if p.dim() > 1 else 0
        scale = np.float32(np.sqrt(6.0 / fan_in)) if fan_in else np.float32(0.1)
        values = hashed(stream, p.numel()).astype(np.float32) * scale
        p.data = torch.from_numpy(values.reshape(p.shape))


def focal(logits, labels, weights):
    log_p = torch.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
    return (-weights[labels] * (1 - log_p.exp()) ** GAMMA * log_p).mean()


def write_torchvision_names():
    with torch.device("meta"):
        state = torchvision.models.vgg16().state_dict()
    lines = [f"{name} {'x'.join(map(str, value.shape))}" for name, value in state.items()]
    (OUT / "torchvision_vgg16.txt").write_text("\n".join(lines) + "\n")


def main():
    OUT.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    model = vgg16()
    fill(model)
    x = torch.from_numpy(hashed(1000, BATCH * 3 * SIZE * SIZE).astype(np.float32).reshape(BATCH, 3, SIZE, SIZE))
    labels = torch.tensor(LABELS)
    weights = (1 - BETA) / (1 - BETA ** np.array(COUNTS, dtype=np.float64))
    weights = torch.tensor(weights * CLASSES / weights.sum(), dtype=torch.float32)
    features = model.features(x)
    logits = model(x)
    loss = focal(logits, labels, weights)
    loss.backward()
    result = {"features": features, "logits": logits, "loss": loss.reshape(1)}
    for name, p in model.named_parameters():
        result["gradient." + name] = p.grad
    torch.optim.SGD(model.parameters(), lr=RATE).step()
    for name, p in model.named_parameters():
        result["after." + name] = p.data
    save_file({k: v.detach().numpy().copy() for k, v in result.items()}, OUT / "small_vgg16.safetensors")
    print({k: float(v.detach().abs().mean()) for k, v in result.items() if "weight" in k or k == "logits"})
    write_torchvision_names()


if __name__ == "__main__":
    main()
