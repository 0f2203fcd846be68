"""Relevance maps of the small VGG16 of make_lrp.py by iNNvestigate, in float64, for tests/lrp/golden_test.cpp.

    pip install tensorflow-cpu==2.14.1 innvestigate==2.1.2 safetensors; python make_lrp_innvestigate.py
"""
import pathlib

import numpy as np
import tensorflow as tf
from innvestigate.analyzer.relevance_based import relevance_analyzer as ra
from safetensors.numpy import load_file

tf.compat.v1.disable_eager_execution()
tf.keras.backend.set_floatx("float64")

HERE = pathlib.Path(__file__).parent / "lrp"
PER_BLOCK = [2, 2, 3, 3, 3]
TARGETS = [1, 3]


def network(weights, size, average):
    """The same network with channels last. Its last block is 1 x 1, or averaged, so that flattening keeps the order."""
    layers, values, index = [tf.keras.layers.InputLayer((size, size, 3))], [], 0
    for count in PER_BLOCK:
        for _ in range(count):
            w = weights[f"features.{index}.weight"]
            layers.append(tf.keras.layers.Conv2D(w.shape[0], 3, padding="same", activation="relu"))
            values += [w.transpose(2, 3, 1, 0), weights[f"features.{index}.bias"]]
            index += 2
        layers.append(tf.keras.layers.MaxPooling2D(2))
        index += 1
    layers.append(tf.keras.layers.GlobalAveragePooling2D() if average else tf.keras.layers.Flatten())
    names = sorted(n[: -len(".weight")] for n in weights if n.startswith("classifier") and n.endswith("weight"))
    for name in names:
        w = weights[name + ".weight"]
        layers.append(tf.keras.layers.Dense(w.shape[0], activation=None if name == names[-1] else "relu"))
        values += [w.T, weights[name + ".bias"]]
    model = tf.keras.Sequential(layers)
    model.set_weights([v.astype(np.float64) for v in values])
    return model


def is_dense(layer):
    return isinstance(layer, tf.keras.layers.Dense)


def write_maps(folder, average, wanted=None):
    x = np.load(folder / "x.npy").astype(np.float64)
    model = network(load_file(HERE / "network.safetensors"), x.shape[-1], average)
    pictures = x.transpose(0, 2, 3, 1)
    study = [(is_dense, "Z"), (lambda layer: True, "ZPlus")]
    analyzers = {
        "study": ra.LRP(model, rule=study, neuron_selection_mode="index"),
        "z": ra.LRPZ(model, neuron_selection_mode="index"),
        "epsilon": ra.LRPEpsilon(model, neuron_selection_mode="index"),
        "z-plus": ra.LRPZPlus(model, neuron_selection_mode="index"),
        "alpha1-beta0": ra.LRPAlpha1Beta0(model, neuron_selection_mode="index"),
        "alpha2-beta1": ra.LRPAlpha2Beta1(model, neuron_selection_mode="index"),
        "w-square": ra.LRPWSquare(model, neuron_selection_mode="index"),
        "flat": ra.LRPFlat(model, neuron_selection_mode="index"),
    }
    print("logits", model.predict(pictures))
    for name, analyzer in analyzers.items():
        if wanted is not None and name not in wanted:
            continue
        maps = np.concatenate([analyzer.analyze(pictures[i : i + 1], t) for i, t in enumerate(TARGETS[: len(x)])])
        maps = maps.transpose(0, 3, 1, 2)
        assert np.isfinite(maps).all() and np.abs(maps).sum() > 0, name
        print(f"{name:16} {maps.dtype} sum {maps.sum():14.6f}  sum of absolutes {np.abs(maps).sum():14.6f}")
        np.save(folder / f"innvestigate_{name}.npy", maps.astype(np.float32))


def main():
    write_maps(HERE, False)
    write_maps(HERE / "gap", True, {"study", "flat"})


if __name__ == "__main__":
    main()
