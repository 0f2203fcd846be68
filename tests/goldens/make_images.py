"""Small pictures in every form that the readers must take, and what they decode to.

images/NAME and images/NAME.npy (uint8, H x W x 3, decoded by Pillow or known from how the file was made).
Needs numpy and Pillow:  python make_images.py
"""
import pathlib
import numpy as np
from PIL import Image

out = pathlib.Path(__file__).parent / "images"
h, w = 12, 20
y, x = np.mgrid[0:h, 0:w]
rgb = np.stack([x * 12, y * 20, 255 - x * 6 - y * 8], axis=2).astype(np.uint8)  # smooth, so that JPEG keeps it
picture = Image.fromarray(rgb)
grey = picture.convert("L")


def save(name, image, expected, **options):
    image.save(out / name, **options)
    np.save(out / (name + ".npy"), np.asarray(expected, dtype=np.uint8))


def decoded(name, image, **options):
    image.save(out / name, **options)
    np.save(out / (name + ".npy"), np.asarray(Image.open(out / name).convert("RGB"), dtype=np.uint8))


grey_rgb = np.asarray(grey.convert("RGB"))
decoded("rgb.jpg", picture, quality=92, subsampling=0)
decoded("progressive.jpg", picture, quality=92, progressive=True, subsampling=0)
decoded("grey.jpg", grey, quality=92)
decoded("cmyk.jpg", picture.convert("CMYK"), quality=95)
save("rgb.png", picture, rgb)
save("grey.png", grey, grey_rgb)
alpha = np.dstack([rgb, (x * 10).astype(np.uint8)])
save("alpha.png", Image.fromarray(alpha), rgb)
save("grey16.png", Image.fromarray((np.asarray(grey).astype(np.uint16) << 8) + 77), grey_rgb)
palette = picture.quantize(16)
save("palette.png", palette, np.asarray(palette.convert("RGB")))
save("rgb.bmp", picture, rgb)
save("grey.bmp", grey, grey_rgb)
save("rgb.tif", picture, rgb)
save("lzw.tif", picture, rgb, compression="tiff_lzw")
save("grey.tif", grey, grey_rgb)
save("grey16.tif", Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), grey_rgb)
save("named_png.jpg", picture, rgb, format="PNG")  # a PNG under a wrong name
