"""Small pictures in every supported format, and their decoded pixels.

images/NAME and images/NAME.npy (uint8, H x W x 3, decoded by Pillow or known from how the file was made).
Needs numpy and Pillow:  python make_images.py
"""
import itertools
import pathlib
import struct
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


# What Pillow reads but does not write.

def bmp(name, bits, rows, compression=0, header=40, masks=(), palette=None, top_down=False, gap=0):
    """`rows` from the bottom up (or from the top down), or the bytes of a run-length encoding."""
    data = rows if isinstance(rows, bytes) else b"".join(row + bytes(-len(row) % 4) for row in rows)
    height = -h if top_down else h
    if header == 12:
        head = struct.pack("<IHHHH", 12, w, h, 1, bits)
    else:
        used = 0 if palette is None else len(palette)
        head = struct.pack("<IiiHHIIiiII", header, w, height, 1, bits, compression, len(data), 0, 0, used, 0)
        head = (head + struct.pack(f"<{len(masks)}I", *masks)).ljust(header, b"\0")
    colours = b"" if palette is None else b"".join(bytes(c[::-1]) + bytes(header > 12) for c in palette.tolist())
    start = 14 + len(head) + len(colours) + gap
    file = b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + colours + bytes(gap) + data
    (out / name).write_bytes(file)
    np.save(out / (name + ".npy"), np.asarray(Image.open(out / name).convert("RGB"), dtype=np.uint8))


def packed(row, bits):
    text = "".join(f"{v:0{bits}b}" for v in row)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def runs(rows, nibbles):
    """Runs where pixels repeat, pixels one by one where at least three do not, a jump over each row's first two."""
    code = b""
    for row in rows:
        code += b"\0\2\2\0"
        groups = [list(g) for _, g in itertools.groupby(row[2:].tolist())]
        for group in groups[:-3]:
            code += bytes([len(group), group[0] * (17 if nibbles else 1)])
        rest = sum(groups[-3:], [])
        pixels = packed(rest, 4) if nibbles else bytes(rest)
        code += bytes([0, len(rest)]) + pixels + bytes(len(pixels) % 2) + b"\0\0"
    return code[:-2] + b"\0\1"


few = (x // 4 + y) % 8
colours = np.random.default_rng(1).integers(0, 256, (8, 3))
bgr = rgb[:, :, ::-1]
words = ((rgb[..., 0] >> 3).astype(int) << 11) | ((rgb[..., 1] >> 2).astype(int) << 5) | (rgb[..., 2] >> 3)
bmp("top_down.bmp", 24, [row.tobytes() for row in bgr], top_down=True)
bmp("top_down_8bit.bmp", 8, [bytes(row.tolist()) for row in few], palette=colours, top_down=True)
bmp("palette_4bit.bmp", 4, [packed(row, 4) for row in few[::-1]], palette=colours, gap=6)
bmp("palette_1bit.bmp", 1, [packed(row % 2, 1) for row in few[::-1]], palette=colours[:2])
bmp("os2_palette.bmp", 8, [bytes(row.tolist()) for row in few[::-1]], header=12, palette=np.resize(colours, (256, 3)))
bmp("os2_version2.bmp", 4, [packed(row, 4) for row in few[::-1]], header=64, palette=np.resize(colours, (16, 3)))
bmp("rle8.bmp", 8, runs(few[::-1], False), 1, palette=colours)
bmp("rle4.bmp", 4, runs(few[::-1], True), 2, palette=colours)
bmp("565.bmp", 16, [row.astype("<u2").tobytes() for row in words[::-1]], 3, 56, (0xF800, 0x7E0, 0x1F))
bmp("555.bmp", 16, [(row & 0x7FFF).astype("<u2").tobytes() for row in words[::-1]])
bmp("alpha.bmp", 32, [row.tobytes() for row in np.dstack([bgr, alpha[..., 3]])[::-1]], 3, 108,
    (0xFF0000, 0xFF00, 0xFF, 0xFF000000))


def tiff(name, samples, photometric, extra=(), planar=False, expected=None, orientation=1, bits=8):
    """One strip for each plane. `extra`: what the samples beyond the colours are."""
    count = samples.shape[2]
    planes = [samples[..., i] for i in range(count)] if planar else [samples]
    strips = [plane.astype("<u2" if bits == 16 else np.uint8).tobytes() for plane in planes]
    starts = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    tags = {256: [w], 257: [h], 258: [bits] * count, 259: [1], 262: [photometric], 273: starts, 274: [orientation],
            277: [count], 278: [h], 279: list(map(len, strips)), 284: [2 if planar else 1]}
    if extra:
        tags[338] = list(extra)
    end = 8 + sum(map(len, strips))
    more_at, entries, more = end + 2 + 12 * len(tags) + 4, b"", b""
    for tag, values in sorted(tags.items()):
        data = struct.pack(f"<{len(values)}H", *values)
        if len(data) > 4:
            data, more = struct.pack("<I", more_at + len(more)), more + data
        entries += struct.pack("<HHI", tag, 3, len(values)) + data.ljust(4, b"\0")
    file = b"II*\0" + struct.pack("<I", end) + b"".join(strips) + struct.pack("<H", len(tags)) + entries + bytes(4) + more
    (out / name).write_bytes(file)
    if expected is None:
        expected = Image.open(out / name).convert("RGB")
    np.save(out / (name + ".npy"), np.asarray(expected, dtype=np.uint8))


none, associated, unassociated = 0, 1, 2
premultiplied = np.dstack([rgb.astype(int) * alpha[..., 3:] // 255, alpha[..., 3]])
tiff("alpha_unassociated.tif", alpha, 2, [unassociated])
tiff("alpha_unassociated_planar.tif", alpha, 2, [unassociated], planar=True)
tiff("alpha_associated.tif", premultiplied, 2, [associated])
tiff("alpha_unknown.tif", alpha, 2, [none])
tiff("alpha_16bit.tif", alpha.astype(int) * 257, 2, [unassociated], bits=16)
tiff("alpha_16bit_planar.tif", alpha.astype(int) * 257, 2, [unassociated], True, rgb, bits=16)  # Pillow misreads it
tiff("five_samples.tif", np.dstack([alpha, alpha[..., 0]]), 2, [unassociated, none])
tiff("grey_alpha.tif", np.dstack([np.asarray(grey), alpha[..., 3]]), 1, [unassociated])
tiff("cmyk.tif", np.asarray(picture.convert("CMYK")), 5)
for orientation in range(2, 9):
    tiff(f"orientation{orientation}.tif", rgb, 2, orientation=orientation)
tiff("orientation6_alpha.tif", alpha, 2, [unassociated], expected=Image.fromarray(rgb).transpose(Image.Transpose.ROTATE_270),
     orientation=6)  # where Pillow turns it twice
