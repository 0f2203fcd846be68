"""Relevance maps of a small VGG16 by zennit and captum, in float64, for tests/lrp/golden_test.cpp.

    pip install torch zennit captum safetensors; python make_lrp.py

Writes lrp/network.safetensors, lrp/x.npy and one map for each composite, which make_lrp_innvestigate.py also reads; in
lrp/gap, for some composites, maps of a larger picture by the same weights with global average pooling before the head.
"""
import pathlib

import numpy as np
import torch
from captum.attr import LRP
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule, GammaRule
from safetensors.numpy import save_file
from zennit import composites as zc
from zennit.attribution import Gradient
from zennit.rules import AlphaBeta, Epsilon, Flat, Gamma, Norm, Pass, WSquare, ZBox, ZPlus
from zennit.types import Activation, AvgPool, Convolution, Linear

HERE = pathlib.Path(__file__).parent / "lrp"
CHANNELS = [5, 8, 9, 17, 12]
PER_BLOCK = [2, 2, 3, 3, 3]
HIDDEN, CLASSES, SIZE, SIZE_OF_GAP = [14, 11], 5, 32, 64
TARGETS = [1, 3]
LOW = (0 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
HIGH = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])


class Vgg(torch.nn.Module):
    def __init__(self, layers, head):
        super().__init__()
        self.features, self.classifier = torch.nn.Sequential(*layers), torch.nn.Sequential(*head)

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def network(average=False, seed=7):
    """torch modules and torchvision-named weights; biases of both signs, so that dialects differ."""
    rng = np.random.default_rng(seed)
    layers, weights, width, index = [], {}, 3, 0

    def fill(module, name, fan_in):
        w = rng.normal(0, 1.5 * (2 / fan_in) ** 0.5, tuple(module.weight.shape)).astype(np.float32)
        b = rng.normal(0, 0.2, tuple(module.bias.shape)).astype(np.float32)
        module.weight.data, module.bias.data = torch.from_numpy(w), torch.from_numpy(b)
        weights[name + ".weight"], weights[name + ".bias"] = w, b

    for channels, count in zip(CHANNELS, PER_BLOCK):
        for _ in range(count):
            conv = torch.nn.Conv2d(width, channels, 3, padding=1)
            fill(conv, f"features.{index}", width * 9)
            layers += [conv, torch.nn.ReLU()]
            width, index = channels, index + 2
        layers.append(torch.nn.MaxPool2d(2))
        index += 1
    if average:
        layers.append(torch.nn.AdaptiveAvgPool2d(1))
    head, width = [], CHANNELS[-1]
    for i, out in enumerate(HIDDEN + [CLASSES]):
        linear = torch.nn.Linear(width, out)
        fill(linear, f"classifier.{3 * i}", width)
        head.append(linear)
        if i < len(HIDDEN):
            head.append(torch.nn.ReLU())
        width = out
    return Vgg(layers, head).double().eval(), weights


def zennit_composites():
    def every(rule):
        return zc.LayerMapComposite([(Activation, Pass()), (AvgPool, Norm()), (Linear, rule)])

    def first(rule, conv, linear):
        return zc.SpecialFirstLayerMapComposite(
            [(Activation, Pass()), (AvgPool, Norm()), (Convolution, conv), (torch.nn.Linear, linear)], [(Linear, rule)])

    low, high = (v.double().reshape(1, 3, 1, 1) for v in (LOW, HIGH))
    return {
        "study": zc.LayerMapComposite([(Activation, Pass()), (AvgPool, Norm()), (Convolution, ZPlus()), (torch.nn.Linear, Epsilon(0.0))]),
        "epsilon-plus": zc.EpsilonPlus(),
        "epsilon-plus-flat": zc.EpsilonPlusFlat(),
        "epsilon-alpha2-beta1": zc.EpsilonAlpha2Beta1(),
        "epsilon-alpha2-beta1-flat": zc.EpsilonAlpha2Beta1Flat(),
        "epsilon-gamma-box": zc.EpsilonGammaBox(low=low, high=high),
        "z-plus-box": first(ZBox(low=low, high=high), ZPlus(), ZPlus()),
        "z": every(Epsilon(0.0)),
        "epsilon": every(Epsilon()),
        "gamma": every(Gamma()),
        "z-plus": every(ZPlus()),
        "alpha1-beta0": every(AlphaBeta(1, 0)),
        "alpha2-beta1": every(AlphaBeta(2, 1)),
        "w-square": every(WSquare()),
        "flat": every(Flat()),
    }


def by_zennit(model, x, composite):
    logits = model(x)
    start = torch.zeros_like(logits)
    for i, t in enumerate(TARGETS[: len(x)]):
        start[i, t] = logits[i, t].detach()
    with Gradient(model, composite) as attributor:
        _, relevance = attributor(x, start)
    return relevance.detach().numpy()


def by_captum(model, x, convolution, linear):
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.rule = convolution()
        if isinstance(module, torch.nn.Linear):
            module.rule = linear()
    return LRP(model).attribute(x, target=TARGETS[: len(x)]).detach().numpy()


def write_maps(folder, average, images, size, wanted=None):
    """All composites, or those whose file names are wanted."""
    folder.mkdir(exist_ok=True)
    model, weights = network(average)
    x = np.random.default_rng(8).uniform(LOW.numpy()[:, None, None], HIGH.numpy()[:, None, None], (images, 3, size, size))
    x = x.astype(np.float32)
    save_file(weights, HERE / "network.safetensors")
    np.save(folder / "x.npy", x)
    data = torch.from_numpy(x).double()
    with torch.no_grad():
        print("logits", model(data).numpy())
    maps = {"zennit_" + name: by_zennit(model, data.clone().requires_grad_(), c) for name, c in zennit_composites().items()}
    captum = {
        "study": (Alpha1_Beta0_Rule, lambda: EpsilonRule(1e-9)),
        "z-plus": (Alpha1_Beta0_Rule, Alpha1_Beta0_Rule),
        "epsilon": (EpsilonRule, EpsilonRule),
        "gamma": (GammaRule, GammaRule),
    }
    for name, (convolution, linear) in captum.items():
        maps["captum_" + name] = by_captum(model, data.clone().requires_grad_(), convolution, linear)
    for name, values in maps.items():
        assert np.isfinite(values).all() and np.abs(values).sum() > 0, name
        print(f"{name:36} sum {values.sum():14.6f}  sum of absolutes {np.abs(values).sum():14.6f}")
        if wanted is None or name in wanted:
            np.save(folder / (name + ".npy"), values.astype(np.float32))


def main():
    write_maps(HERE, False, 2, SIZE)
    write_maps(HERE / "gap", True, 1, SIZE_OF_GAP, {"zennit_study", "zennit_epsilon-plus", "zennit_flat", "captum_study"})


if __name__ == "__main__":
    main()
