#!/usr/bin/env python3
"""Makes tests/goldens/pytorch: files that torch.save writes, and the values that torch.load reads from them.

  *.pth               the same narrow VGG16 in every form and among other things
  tensors*.pth        tensors of all types, views, transposed and expanded ones; tensors.safetensors has their values
  other_*.pth         what is not read: a whole model, TorchScript, sparse and quantised tensors
  x.npy, logits.npy   pictures and what PyTorch makes of them
Needs numpy, torch and safetensors. Only the big-endian file is changed after torch.save: its storages are swapped.
"""
import argparse
import collections
import pathlib
import zipfile

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

OUT = pathlib.Path(__file__).parent / "pytorch"
CHANNELS = [(2, 2), (3, 2), (4, 3), (5, 3), (6, 3)]  # of a block, and how many convolutions it has
SIDE, HIDDEN, CLASSES = 64, (5, 4), 3


class VGG(nn.Module):
    """torchvision's names."""

    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for width, count in CHANNELS:
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        head, inputs = [], channels * (SIDE // 32) ** 2
        for width in HIDDEN:
            head += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(0)]
            inputs = width
        self.classifier = nn.Sequential(*head, nn.Linear(inputs, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class AverageMeter:
    """What training scripts keep in their checkpoints."""

    def __init__(self):
        self.history = [1.5, 2.5]


def save(name, value, **options):
    torch.save(value, OUT / f"{name}.pth", **options)


def legacy(name, value, **options):
    save(name, value, _use_new_zipfile_serialization=False, **options)


def rewritten(source, target, compression, change=lambda name, data: data):
    """A copy of a zip archive with its entries changed, by Python's zipfile."""
    with zipfile.ZipFile(OUT / source) as old, zipfile.ZipFile(OUT / target, "w", compression) as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64="zip64" in target) as entry:
                entry.write(change(name, old.read(name)))


def widths(path):
    """Bytes of an element, by the storage's key."""
    import pickle

    found = {}

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            return name if name.endswith("Storage") else lambda *arguments: collections.OrderedDict()

        def persistent_load(self, identity):
            dtype = {"FloatStorage": 4, "DoubleStorage": 8, "LongStorage": 8, "IntStorage": 4, "BoolStorage": 1}
            found[identity[2]] = dtype.get(identity[1], 2 if identity[1] in ("HalfStorage", "BFloat16Storage", "ShortStorage") else 1)

    with zipfile.ZipFile(path) as file:
        Reader(file.open(next(n for n in file.namelist() if n.endswith("data.pkl")))).load()
    return found


def swapped(source, target):
    width = widths(OUT / source)

    def change(name, data):
        if name.endswith("byteorder"):
            return b"big"
        if "/data/" not in name:
            return data
        return np.frombuffer(data, f"u{width[name.rsplit('/')[-1]]}").byteswap().tobytes()

    rewritten(source, target, zipfile.ZIP_STORED, change)


def tensors():
    base = torch.arange(24, dtype=torch.float32) / 7 - 1
    values = torch.tensor([0.0, -1.5, 3.0, 100.0, 0.1, 65504.0, -1e-7, 1 / 3], dtype=torch.float64)
    return {
        "f64": values,
        "f32": values.float(),
        "f16": values.half(),
        "bf16": values.bfloat16(),
        "i64": torch.tensor([-(2**40), 0, 7]),
        "i32": torch.tensor([-3, 2**24], dtype=torch.int32),
        "i16": torch.tensor([-3, 300], dtype=torch.int16),
        "i8": torch.tensor([-3, 100], dtype=torch.int8),
        "u8": torch.tensor([3, 250], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(42.0),
        "empty": torch.zeros(0, 4),
        "whole": base.view(2, 3, 4),
        "transposed": base.view(4, 6).t(),
        "permuted": base.view(2, 3, 4).permute(2, 0, 1),
        "sliced": base.view(4, 6)[1:3, 2:5],
        "stepped": base[3::5],
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3),
        "channels_last": torch.arange(48, dtype=torch.float32).view(2, 3, 2, 4).contiguous(memory_format=torch.channels_last),
        "half_transposed": (torch.arange(6).view(2, 3) / 3).half().t(),
        "parameter": nn.Parameter(base[:5]),
        "one": base[7:8].view(1, 1, 1),
    }


def main():
    OUT.mkdir(exist_ok=True)
    torch.manual_seed(7)
    model = VGG()
    x = torch.randn(2, 3, SIDE, SIDE)
    np.save(OUT / "x.npy", x.numpy())
    np.save(OUT / "logits.npy", model.double()(x.double()).detach().float().numpy())
    model.float()
    state = model.state_dict()  # an OrderedDict with _metadata

    save("zip", state)
    legacy("legacy", state)
    for protocol in (1, 3, 4, 5):
        save(f"zip_protocol{protocol}", state, pickle_protocol=protocol)
        legacy(f"legacy_protocol{protocol}", state, pickle_protocol=protocol)
    rewritten("zip.pth", "deflated.pth", zipfile.ZIP_DEFLATED)
    rewritten("zip.pth", "zip64.pth", zipfile.ZIP_STORED)
    torch.serialization.set_crc32_options(False)
    save("no_checksums", state)
    torch.serialization.set_crc32_options(True)
    swapped("zip.pth", "big_endian.pth")
    save("dict_of_parameters", dict(model.named_parameters()))

    optimizer = torch.optim.Adam(model.parameters())
    model(x).sum().backward()
    optimizer.step()
    model.load_state_dict(torch.load(OUT / "zip.pth"))  # the step changed them, state's too
    names = ["happy", "sad, very", "überrascht"]
    save("checkpoint", {"epoch": 3, "state_dict": model.state_dict(), "optimizer": optimizer.state_dict(), "best": np.float64(0.5),
                        "best_acc1": torch.tensor(71.5), "args": argparse.Namespace(lr=0.1, arch="vgg16"), "meter": AverageMeter(),
                        "class_names": names})
    legacy("checkpoint_legacy", {"model_state_dict": model.state_dict(), "args": argparse.Namespace(lr=0.1), "meter": AverageMeter(),
                                 "class_to_idx": {name: i for i, name in enumerate(names)}})
    save("nested", {"model": {"net": model.state_dict()}, "ema": {k: v + 1 for k, v in model.state_dict().items()}})
    save("prefixed", {"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}})
    save("equally_good", {"teacher": model.state_dict(), "student": model.state_dict()})
    save("unknown_key", {"vgg": model.state_dict(), "epoch": 1})
    save("disagreeing_classes", {**model.state_dict(), "classes": ["a", "b", "c"], "idx_to_class": {0: "a", 1: "c", 2: "b"}, "epoch": 2})

    flat = torch.cat([p.detach().flatten() for p in model.parameters()])
    views, at = {}, 0
    for name, p in model.named_parameters():
        views[name] = flat[at:at + p.numel()].view(p.shape)
        at += p.numel()
    save("one_storage", views)
    legacy("one_storage_legacy", views)
    save("half", {k: v.half() for k, v in state.items()})
    save("bfloat16", {k: v.bfloat16() for k, v in state.items()})

    named = tensors()
    save("tensors", named)
    legacy("tensors_legacy", named)
    swapped("tensors.pth", "tensors_big_endian.pth")
    for name in ("tensors", "tensors_legacy", "tensors_big_endian"):
        for key, value in torch.load(OUT / f"{name}.pth").items():
            assert torch.equal(value, named[key]), (name, key)
    save_file({k: v.detach().contiguous().float().clone() for k, v in named.items()}, OUT / "tensors.safetensors")
    unsigned = {"u16": torch.tensor([1, 60000], dtype=torch.uint16), "u32": torch.tensor([1, 2**31], dtype=torch.uint32),
                "u64": torch.tensor([1, 2**33], dtype=torch.uint64)}
    save("tensors_untyped", {**unsigned, "f8": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn), "c64": torch.tensor([1 + 2j]),
                             "sparse": torch.eye(3).to_sparse(), "quantised": torch.quantize_per_tensor(torch.eye(2), 0.1, 0, torch.qint8),
                             "meta": torch.zeros(2, 3, device="meta"), "f32": torch.tensor([1.5])})

    save("other_model", model)
    save("other_model_inside", {"model": model, "epoch": 1})
    legacy("other_model_legacy", model)
    save("other_tensor", torch.zeros(3))
    save("other_list", [torch.zeros(3)])
    save("other_arrays", {"features.0.weight": np.zeros(3)})
    torch.jit.script(nn.Linear(2, 2)).save(OUT / "other_script.pth")


if __name__ == "__main__":
    main()
