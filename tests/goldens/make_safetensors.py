"""Writes safetensors/types.safetensors with Python's safetensors: one tensor of each type that base/safetensors.h reads.
Run: python make_safetensors.py            (needs torch and safetensors)
     python make_safetensors.py check FILE opens a file of ours with the same package and prints its contents"""
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

if len(sys.argv) == 3:
    with safe_open(sys.argv[2], framework="pt") as file:
        print("metadata", file.metadata())
        for name in file.keys():
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, tuple(tensor.shape), tensor.flatten()[:6].tolist())
    sys.exit()

folder = pathlib.Path(__file__).parent / "safetensors"
folder.mkdir(exist_ok=True)
values = torch.tensor([[0.0, -1.5, 3.0], [100.0, 0.1, -65504.0]], dtype=torch.float64)
small = torch.tensor([0, 1, 2, 127])
save_file(
    {
        "f64": values,
        "f32": values.float(),
        "f16": values.half(),
        "bf16": values.bfloat16(),
        # smallest and largest subnormal, -smallest, infinity, smallest normal, -0
        "f16_special": torch.tensor([1, 1023, -32767, 31744, 1024, -32768], dtype=torch.int16).view(torch.float16),
        "i64": small.long() - 3,
        "i32": small.int() - 3,
        "i16": small.short() - 3,
        "i8": small.to(torch.int8) - 3,
        "u8": small.to(torch.uint8) + 100,
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(42.0),
        "empty": torch.zeros(0, 4),
    },
    folder / "types.safetensors",
    metadata={"format": "pt", "note": "äöü"},
)
