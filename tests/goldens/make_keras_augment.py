"""Pictures transformed by keras-preprocessing 1.1.2 (fill_mode nearest, order 1), the last release before the paper.

keras_augment/NAME.npy      uint8 H x W x 3
keras_augment/parameters.npy float64 cases x 7: theta, tx, ty, shear (degrees), zx, zy, horizontal flip
keras_augment/NAME_out.npy  float32 cases x H x W x 3
Needs numpy, scipy and keras-preprocessing==1.1.2:  python make_keras_augment.py
"""
import pathlib
import numpy as np
from keras_preprocessing.image import ImageDataGenerator

out = pathlib.Path(__file__).parent / "keras_augment"
cases = np.array([
    [0, 0, 0, 0, 1, 1, 0],
    [0, 0, 0, 0, 1, 1, 1],
    [25, 0, 0, 0, 1, 1, 0],
    [-17.5, 0, 0, 0, 1, 1, 0],
    [0, 1.7, 0, 0, 1, 1, 0],
    [0, 0, -2.3, 0, 1, 1, 0],
    [0, 0, 0, 0.1, 1, 1, 0],
    [0, 0, 0, -30, 1, 1, 0],
    [0, 0, 0, 0, 0.9, 1, 0],
    [0, 0, 0, 0, 1, 1.1, 0],
    [0, 0, 0, 0, 1.08, 0.93, 1],
    [12.3, -1.1, 2.2, 0.08, 0.95, 1.07, 0],
    [-24.9, 1.5, -1.9, -0.1, 1.09, 0.91, 1],
    [90, 0, 0, 0, 1, 1, 0],
    [200, 30, -40, 20, 0.5, 2, 1],
], dtype=np.float64)
np.save(out / "parameters.npy", cases)
random = np.random.default_rng(7)
generator = ImageDataGenerator(fill_mode="nearest", interpolation_order=1)
for name, (h, w) in {"square": (16, 16), "wide": (9, 14), "tall": (17, 8)}.items():
    picture = random.integers(0, 256, (h, w, 3), dtype=np.uint8)
    np.save(out / f"{name}.npy", picture)
    results = []
    for theta, tx, ty, shear, zx, zy, flip in cases:
        results.append(generator.apply_transform(picture.astype(np.float32), {
            "theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy, "flip_horizontal": bool(flip)}))
    np.save(out / f"{name}_out.npy", np.stack(results).astype(np.float32))
