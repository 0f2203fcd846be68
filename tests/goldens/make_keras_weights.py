#!/usr/bin/env python3
"""Makes tests/goldens/keras: a very narrow VGG16 in Keras 2's and Keras 3's HDF5 layouts, an input, and its logits.

The files are written with h5py in the layouts of `save_weights` (with and without the head), of a whole model with an
optimiser's state, of a model within a model, and of Keras 3's .weights.h5. The logits are computed from Keras' own
arrays the way Keras does: convolutions on (N, H, W, C), pictures flattened channels last.
Needs: h5py, numpy, torch.
"""
import pathlib

import h5py
import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parent / "keras"
CHANNELS = [(2, 2), (3, 2), (4, 3), (5, 3), (6, 3)]  # of a block, and how many convolutions it has
SIDE, HIDDEN, CLASSES = 2, (5, 4), 3

rng = np.random.default_rng(20)
layers = []  # (name, kernel, bias) in Keras' layouts
fan_in = 3
for block, (channels, count) in enumerate(CHANNELS, 1):
    for conv in range(1, count + 1):
        kernel = rng.normal(0, np.sqrt(2 / (9 * fan_in)), (3, 3, fan_in, channels))
        layers.append((f"block{block}_conv{conv}", kernel, rng.normal(0.1, 0.1, channels)))
        fan_in = channels
fan_in *= SIDE * SIDE
for name, width in zip(("fc1", "fc2", "predictions"), (*HIDDEN, CLASSES)):
    layers.append((name, rng.normal(0, np.sqrt(2 / fan_in), (fan_in, width)), rng.normal(0.1, 0.1, width)))
    fan_in = width
layers = [(n, k.astype("f4"), b.astype("f4")) for n, k, b in layers]


def logits(pictures):
    """pictures: (N, H, W, 3), as Keras takes them."""
    x = torch.tensor(pictures).double()
    arrays = iter(layers)
    for _, count in CHANNELS:
        for _ in range(count):
            _, kernel, bias = next(arrays)
            kernel = torch.tensor(kernel).double().permute(3, 2, 0, 1)
            x = F.conv2d(x.permute(0, 3, 1, 2), kernel, torch.tensor(bias).double(), padding=1).relu().permute(0, 2, 3, 1)
        x = F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    x = x.flatten(1)
    for name, kernel, bias in arrays:
        x = x @ torch.tensor(kernel).double() + torch.tensor(bias).double()
        x = x if name == "predictions" else x.relu()
    return x.numpy()


def keras2(group, chosen, spelling):
    group.attrs["layer_names"] = [name.encode() for name, _, _ in chosen] + [b"flatten"]
    group.create_group("flatten").attrs["weight_names"] = []
    for name, kernel, bias in chosen:
        names = [s.format(name) for s in spelling]
        layer = group.create_group(name)
        layer.attrs["weight_names"] = [n.encode() for n in names]
        layer[names[0]], layer[names[1]] = kernel, bias


OUT.mkdir(exist_ok=True)
OLD, NEW = ("{}_W_1:0", "{}_b_1:0"), ("{0}/kernel:0", "{0}/bias:0")
with h5py.File(OUT / "notop.h5", "w", libver="latest") as f:
    keras2(f, layers[:13], OLD)
with h5py.File(OUT / "model.h5", "w", libver="latest") as f:
    keras2(f.create_group("model_weights"), layers, NEW)
    f["optimizer_weights/SGD/block1_conv1/kernel/momentum:0"] = np.ones((3, 3, 3, 2), "f4")
with h5py.File(OUT / "nested.h5", "w", libver="latest") as f:
    inner = f.create_group("vgg16")
    for name, kernel, bias in layers[:13]:
        inner[f"{name}/kernel:0"], inner[f"{name}/bias:0"] = kernel, bias
    f["predictions/predictions/kernel:0"] = rng.normal(size=(6 * SIDE * SIDE, CLASSES)).astype("f4")
    f["predictions/predictions/bias:0"] = np.zeros(CHANNELS[0][0] + 1, "f4")
with h5py.File(OUT / "keras3.weights.h5", "w", libver="latest") as f:
    numbers = {"conv2d": 0, "dense": 0}
    for name, kernel, bias in layers:
        kind = "conv2d" if kernel.ndim == 4 else "dense"
        number, numbers[kind] = numbers[kind], numbers[kind] + 1
        group = f"layers/{kind}" + (f"_{number}" if number else "") + "/vars"
        f[f"{group}/0"], f[f"{group}/1"] = kernel, bias
    f["optimizer/vars/0"] = np.zeros(1, "i8")

x = rng.normal(0, 60, (2, 3, 32 * SIDE, 32 * SIDE)).astype("f4")
np.save(OUT / "x.npy", x)
np.save(OUT / "logits.npy", logits(x.transpose(0, 2, 3, 1)).astype("f4"))
