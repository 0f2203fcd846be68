#!/usr/bin/env python3
"""Makes tests/goldens/keras_variants: narrow VGGs as Keras itself writes them, a picture, and their logits in float64.

Run once with Keras 3 (`pip install keras torch h5py`) and once with Keras 2 (`pip install tensorflow-cpu==2.15.*`); each
run writes its own files and adds its logits to logits.json. The logits are Keras' own: the same model, built in float64
with a linear last layer and given the float32 weights.
"""
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import keras
from keras import layers as L

KERAS = int(keras.__version__.split(".")[0])
OUT = pathlib.Path(__file__).parent / "keras_variants"
OUT.mkdir(exist_ok=True)
CHANNELS = (2, 3, 3, 4, 4)
CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
SIDE = 64


def convolutions(depth, named=True, normalised=False):
    found = []
    for block, count in enumerate(CONVOLUTIONS[depth], 1):
        for i in range(1, count + 1):
            name = {"name": f"block{block}_conv{i}"} if named else {}
            if normalised:
                found += [L.Conv2D(CHANNELS[block - 1], 3, padding="same", use_bias=False, **name),
                          L.BatchNormalization(epsilon=1e-4, scale=block != 2, center=block != 3), L.ReLU()]
            else:
                found.append(L.Conv2D(CHANNELS[block - 1], 3, padding="same", activation="relu", **name))
        found.append(L.MaxPooling2D(2, **({"name": f"block{block}_pool"} if named else {})))
    return found


def nested(depth, head, named=True, functional=True, before=()):
    picture = keras.Input((SIDE, SIDE, 3))
    x = picture
    for layer in convolutions(depth, named):
        x = layer(x)
    inner = keras.Model(picture, x, name="vgg")
    if not functional:
        return keras.Sequential([keras.Input((SIDE, SIDE, 3)), *before, inner, *head])
    picture = keras.Input((SIDE, SIDE, 3))
    x = picture
    for layer in before:
        x = layer(x)
    x = inner(x, training=False)
    for layer in head:
        x = layer(x)
    return keras.Model(picture, x)


def flat(depth, head, **how):
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), *convolutions(depth, **how), *head])


def last(units, linear, activation="softmax"):
    return L.Dense(units, activation=None if linear else activation)


def named_head(linear):
    return [L.Flatten(), L.Dense(5, activation="relu", name="fc1"), L.Dense(4, activation="relu", name="fc2"),
            L.Dense(3, activation=None if linear else "softmax", name="predictions")]


def padded(linear):
    """VGG-Face as many have it: padding as layers of its own, and a head of convolutions."""
    body = []
    for layer in convolutions(16, named=False):
        if isinstance(layer, L.Conv2D):
            body += [L.ZeroPadding2D((1, 1)), L.Conv2D(layer.filters, (3, 3), activation="relu")]
        else:
            body.append(layer)
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), *body, L.Conv2D(6, (2, 2), activation="relu"), L.Dropout(0.5),
                             L.Conv2D(5, (1, 1), activation="relu"), L.Dropout(0.5), L.Conv2D(3, (1, 1)), L.Flatten(),
                             L.Activation("linear" if linear else "softmax")])


# By the name of the model: how it is made, and the endings of its files.
MODELS = {
    3: {
        "named": (lambda linear: flat(16, named_head(linear)), (".weights.h5",)),
        "average": (lambda linear: nested(11, [L.GlobalAveragePooling2D(), L.Dense(5, activation="relu"),
                                               L.BatchNormalization(), L.Dropout(0.5), last(3, linear)],
                                          functional=False, before=[L.RandomFlip(), L.RandomRotation(0.1)]),
                    (".keras", ".h5")),
        "average_plain": (lambda linear: nested(13, [L.GlobalAveragePooling2D(), last(3, linear)]), (".weights.h5",)),
        "normalised": (lambda linear: flat(11, [L.Flatten(), L.Dense(6), L.BatchNormalization(epsilon=0.01), L.ReLU(),
                                                L.Dense(5, activation="relu"), L.BatchNormalization(), last(3, linear)],
                                           named=False, normalised=True), (".keras",)),
        "sigmoid": (lambda linear: nested(11, [L.Flatten(), L.Dense(4, activation="relu"),
                                               last(1, linear, "sigmoid")]), (".keras", ".h5")),
        "automatic": (lambda linear: flat(19, [L.Flatten(), *(L.Dense(4, activation="relu") for _ in range(11)),
                                               last(3, linear)], named=False), (".weights.h5",)),
    },
    2: {
        "list": (lambda linear: flat(16, [L.Flatten(), *(L.Dense(4, activation="relu") for _ in range(11)),
                                          last(3, linear)], named=False), ("_weights.h5",)),
        "list_nested": (lambda linear: nested(13, [L.Flatten(), L.Dense(5, activation="relu"), last(3, linear)]),
                        ("_weights.h5", ".keras")),
        "list_average": (lambda linear: nested(11, [L.GlobalAveragePooling2D(), L.Dropout(0.5), last(3, linear)]),
                         ("_weights.h5",)),
        "before_flatten": (lambda linear: nested(11, [L.BatchNormalization(), L.Flatten(),
                                                      L.Dense(5, activation="relu"), last(3, linear)],
                                                 functional=False), (".h5",)),
        "padded": (lambda linear: padded(linear), ("_weights.h5", ".h5")),
    },
}


def randomise(model, rng):
    values = []
    for w in model.weights:
        name, shape = getattr(w, "path", w.name), tuple(w.shape)
        if "kernel" in name:
            values.append(rng.normal(0, (2 / np.prod(shape[:-1])) ** 0.5, shape))
        elif "variance" in name or "gamma" in name:
            values.append(rng.uniform(0.5, 2, shape))
        elif "seed" in name:
            values.append(np.array(w))
        else:
            values.append(rng.normal(0.1, 0.2, shape))
    model.set_weights([np.asarray(v).astype(np.asarray(w).dtype) for v, w in zip(values, model.get_weights())])


def main():
    rng = np.random.default_rng(KERAS)
    picture = np.random.default_rng(5).normal(0, 60, (1, SIDE, SIDE, 3)).astype("f4")
    np.save(OUT / "picture.npy", picture.transpose(0, 3, 1, 2))
    path = OUT / "logits.json"
    logits = json.loads(path.read_text()) if path.exists() else {}
    for name, (make, endings) in MODELS[KERAS].items():
        keras.backend.clear_session()
        model = make(False)
        randomise(model, rng)
        if name == "list_nested":
            for layer in model.get_layer("vgg").layers[:-5]:
                layer.trainable = False  # listed after the trainable ones
        for ending in endings:
            file = OUT / (name + ending)
            model.save_weights(file) if "weights" in ending else model.save(file)
        keras.backend.clear_session()
        keras.backend.set_floatx("float64")
        if KERAS == 3:
            keras.config.set_dtype_policy("float64")
        exact = make(True)
        exact.set_weights(model.get_weights())
        value = np.asarray(exact.predict(picture.astype("f8"), verbose=0), "f8")[0].tolist()
        keras.backend.set_floatx("float32")
        if KERAS == 3:
            keras.config.set_dtype_policy("float32")
        for ending in endings:
            logits[name + ending] = [0.0, *value] if name == "sigmoid" else value
    path.write_text(json.dumps(dict(sorted(logits.items())), indent=1) + "\n")


main()
