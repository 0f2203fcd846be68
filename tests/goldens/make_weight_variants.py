"""VGGs as people have them: other depths, names, heads and batch normalisation, with the logits that PyTorch computes in float64.

  python tests/goldens/make_weight_variants.py     writes tests/goldens/weights; needs torch, safetensors and numpy
"""
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "weights"
BLOCKS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
CHANNELS = (3, 4, 4, 5, 6)
SIDE, FEATURES = 64, 6 * 2 * 2


def features(depth, norm=False, bias=True):
    layers, inputs = [], 3
    for count, channels in zip(BLOCKS[depth], CHANNELS):
        for _ in range(count):
            layers += [nn.Conv2d(inputs, channels, 3, padding=1, bias=bias), *([nn.BatchNorm2d(channels)] if norm else []), nn.ReLU()]
            inputs = channels
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def torchvision_head(*sizes):
    layers = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        layers += [nn.Linear(a, b)] + ([nn.ReLU(), nn.Dropout()] if i + 2 < len(sizes) else [])
    return nn.Sequential(*layers)


class Network(nn.Module):
    def __init__(self, convolutions, head):
        super().__init__()
        self.features, self.classifier = convolutions, head

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def caffe_names(depth, fully_connected):
    """From torchvision's names to those of Caffe's VGG and of VGG-Face."""
    names, index = {}, 0
    for block, count in enumerate(BLOCKS[depth], 1):
        for i in range(1, count + 1):
            names[f"features.{index}"] = f"conv{block}_{i}"
            index += 2
        index += 1
    return names | {f"classifier.{3 * i}": f"fc{6 + i}" for i in range(fully_connected)}


def renamed(names):
    return lambda key: names[key.rsplit(".", 1)[0]] + "." + key.rsplit(".", 1)[1]


def variants():
    """Name of the file, network, new names."""
    def same(key):
        return key

    head = (FEATURES, 7, 5, 4)
    for depth in BLOCKS:
        yield f"vgg{depth}", Network(features(depth), torchvision_head(*head)), same
    yield "vgg16_bn", Network(features(16, norm=True), torchvision_head(*head)), same
    yield "vgg11_bn_without_bias", Network(features(11, norm=True, bias=False), torchvision_head(*head)), same
    yield "vgg19_caffe", Network(features(19), torchvision_head(*head)), renamed(caffe_names(19, 3))
    yield "vgg13_module", Network(features(13), torchvision_head(*head)), lambda key: "module." + key
    yield "vgg13_backbone", Network(features(13), torchvision_head(*head)), \
        lambda key: ("backbone." + key) if key.startswith("features") else key.replace("classifier.", "head.")
    yield "vgg13_features_module", Network(features(13), torchvision_head(*head)), \
        lambda key: key.replace("features.", "features.module.")
    # Dropout in front, a linear layer in place of the last, one layer only, four layers.
    yield "head_146", Network(features(11), nn.Sequential(nn.Dropout(), nn.Linear(FEATURES, 7), nn.ReLU(), nn.Dropout(), nn.Linear(7, 5),
                                                          nn.ReLU(), nn.Linear(5, 4))), same
    yield "head_nested", Network(features(11), nn.Sequential(nn.Linear(FEATURES, 7), nn.ReLU(), nn.Dropout(), nn.Linear(7, 5), nn.ReLU(),
                                                             nn.Dropout(), nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Dropout(),
                                                                                         nn.Linear(6, 3)))), same
    yield "head_single", Network(features(11), nn.Linear(FEATURES, 4)), same
    yield "head_four", Network(features(11), torchvision_head(FEATURES, 7, 6, 5, 4)), same
    # Batch normalisation between fully connected layers: of the features, after a layer, after a ReLU.
    yield "head_bn", Network(features(11), nn.Sequential(nn.BatchNorm1d(FEATURES), nn.Linear(FEATURES, 7), nn.BatchNorm1d(7), nn.ReLU(),
                                                         nn.Linear(7, 5), nn.ReLU(), nn.BatchNorm1d(5), nn.Dropout(),
                                                         nn.Linear(5, 4))), same


def main():
    torch.manual_seed(1)
    FOLDER.mkdir(exist_ok=True)
    picture = torch.randn(1, 3, SIDE, SIDE)
    np.save(FOLDER / "picture.npy", picture.numpy())
    logits = {}
    for name, network, new_name in variants():
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight)
            if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
                for value, low, high in ((layer.weight, .5, 1.5), (layer.bias, -.5, .5), (layer.running_mean, -.5, .5), (layer.running_var, .5, 2)):
                    nn.init.uniform_(value, low, high)
            if getattr(layer, "bias", None) is not None:
                nn.init.uniform_(layer.bias, -.2, .4)
        network.eval()
        save_file({new_name(key): value.clone() for key, value in network.state_dict().items()}, FOLDER / f"{name}.safetensors")
        with torch.no_grad():
            logits[name + ".safetensors"] = network.double()(picture.double())[0].tolist()
    (FOLDER / "logits.json").write_text(json.dumps(logits, indent=1) + "\n")


if __name__ == "__main__":
    main()
