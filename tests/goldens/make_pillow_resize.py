"""Pictures scaled by Pillow: Image.resize(size, BILINEAR, box), which is the antialiased triangle filter.

pillow_resize/picture.npy uint8 30 x 40 x 3; boxes.npy float64 cases x 6: left, top, right, bottom, width, height;
case_I.npy uint8 height x width x 3. A box beyond the picture is Pillow's answer on the picture padded with its edge.
Needs numpy and Pillow:  python make_pillow_resize.py
"""
import pathlib
import numpy as np
from PIL import Image

out = pathlib.Path(__file__).parent / "pillow_resize"
random = np.random.default_rng(3)
picture = random.integers(0, 256, (30, 40, 3), dtype=np.uint8)
picture[5:20, 10:30] = [250, 10, 128]
cases = np.array([
    [0, 0, 40, 30, 20, 15], [0, 0, 40, 30, 7, 11], [0, 0, 40, 30, 64, 64], [0, 0, 40, 30, 40, 30],
    [3.25, 4.5, 33.75, 28.125, 16, 16], [10, 10, 14, 13, 12, 9], [0.5, 0, 39.5, 30, 3, 40],
    [-6, -4, 44, 36, 24, 24], [-3.5, 2.25, 20.5, 26.25, 16, 16], [30, 20, 60, 50, 12, 12],
], dtype=np.float64)
np.save(out / "picture.npy", picture)
np.save(out / "boxes.npy", cases)
for i, (left, top, right, bottom, width, height) in enumerate(cases):
    pad = [max(0, int(np.ceil(-top))), max(0, int(np.ceil(bottom - 30))), max(0, int(np.ceil(-left))), max(0, int(np.ceil(right - 40)))]
    padded = np.pad(picture, [(pad[0], pad[1]), (pad[2], pad[3]), (0, 0)], mode="edge")
    box = (left + pad[2], top + pad[0], right + pad[2], bottom + pad[0])
    scaled = Image.fromarray(padded).resize((int(width), int(height)), Image.Resampling.BILINEAR, box=box)
    np.save(out / f"case_{i}.npy", np.asarray(scaled))
