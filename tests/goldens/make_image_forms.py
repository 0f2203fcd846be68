"""Small PNM, WebP and GIF pictures, forms of BMP, and pictures with an EXIF orientation, with Pillow's pixels.

images/NAME and images/NAME.npy (uint8, H x W x 3), as in make_images.py; and images/NAME.turned.npy, as
ImageOps.exif_transpose turns it.
Needs numpy and Pillow:  python make_image_forms.py
"""
import io
import pathlib
import struct
import numpy as np
from PIL import Image, ImageOps

out = pathlib.Path(__file__).parent / "images"
h, w = 11, 19  # odd, so that rows of bits end within a byte
y, x = np.mgrid[0:h, 0:w]
rgb = np.stack([x * 13, y * 22, 250 - x * 6 - y * 8], axis=2).astype(np.uint8)
picture = Image.fromarray(rgb)
grey = np.asarray(picture.convert("L"))


def known(name, data, expected):
    (out / name).write_bytes(data)
    np.save(out / (name + ".npy"), np.asarray(expected, dtype=np.uint8))


def as_pillow(name, data):
    known(name, data, Image.open(io.BytesIO(data)).convert("RGB"))


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


# PNM

def text(values):
    return "\n".join(" ".join(map(str, row)) for row in values.reshape(h, -1).tolist()).encode() + b"\n"


def big_endian(values):
    return values.astype(">u2").tobytes()


def scaled(values, largest):
    return np.round(values / largest * 255).astype(np.uint8)


bit = (x * y % 3 == 0).astype(int)
head = f"{w} {h}\n".encode()
wide = rgb.astype(int) * 251  # up to 64,000
as_pillow("text.pbm", b"P1\n# a comment\n" + head + text(bit))
as_pillow("dense.pbm", b"P1 " + head + b"".join(map(str.encode, map(str, bit.ravel().tolist()))))
as_pillow("text.pgm", b"P2 # a comment in the header\n" + head + b"# and another\n255\n" + text(grey))
as_pillow("text.ppm", b"P3\n" + head + b"100\n" + text(rgb.astype(int) * 100 // 255))
as_pillow("bits.pbm", b"P4\n" + head + np.packbits(bit.astype(bool), axis=1).tobytes())
as_pillow("grey.pgm", b"P5\n" + head + b"255\n" + grey.tobytes())
as_pillow("grey_7.pgm", b"P5\n" + head + b"7\n" + (grey // 32).tobytes())
as_pillow("rgb.ppm", b"P6\n# made by hand\n" + head + b"255\n" + rgb.tobytes())
as_pillow("rgb_100.ppm", b"P6\t19\r\n11 100 " + (rgb.astype(int) * 100 // 255).astype(np.uint8).tobytes())
as_pillow("rgb_64000.ppm", b"P6 " + head + b"64000\n" + big_endian(wide))
as_pillow("rgb_65535.pnm", b"P6 " + head + b"65535\n" + big_endian(rgb.astype(int) * 257))
# Grey of 16 bits is clipped by Pillow's convert("RGB"); we scale it as Pillow scales colours.
known("grey_1000.pgm", b"P5 " + head + b"1000\n" + big_endian(grey.astype(int) * 1000 // 255),
      np.repeat(scaled(grey.astype(int) * 1000 // 255, 1000)[..., None], 3, axis=2))
known("grey_65535.pgm", b"P2 " + head + b"65535\n" + text(grey.astype(int) * 257), np.repeat(grey[..., None], 3, axis=2))

# WebP

alpha = Image.fromarray(np.dstack([rgb, (x * 10).astype(np.uint8)]))
as_pillow("lossless.webp", saved(picture, "WEBP", lossless=True))
as_pillow("lossy.webp", saved(picture, "WEBP", quality=80))
as_pillow("alpha_lossless.webp", saved(alpha, "WEBP", lossless=True, exact=True))
as_pillow("alpha_lossy.webp", saved(alpha, "WEBP", quality=80))
frames = [Image.fromarray(np.roll(np.asarray(alpha), 3 * i, axis=1)) for i in range(3)]
as_pillow("animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True, exact=True))

# GIF

def lzw(pixels, bits):
    """GIF's compression with growing codes, in blocks."""
    clear, stream, filled = 1 << bits, 0, 0
    table, size = {}, bits + 1

    def put(code):
        nonlocal stream, filled
        stream |= code << filled
        filled += size

    def fresh():
        nonlocal table, size
        put(clear)
        table, size = {(i,): i for i in range(clear)}, bits + 1

    fresh()
    known_run = ()
    for pixel in pixels:
        run = known_run + (pixel,)
        if run in table:
            known_run = run
            continue
        put(table[known_run])
        table[run] = len(table) + 2  # after clear and end
        if table[run] == 1 << size and size < 12:
            size += 1
        if len(table) + 2 >= 4096:
            fresh()
        known_run = (pixel,)
    put(table[known_run])
    put(clear + 1)
    data = stream.to_bytes(-(-filled // 8), "little")
    return bytes([bits]) + b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"


def gif(indices, palette=None, local=None, screen=(w, h), at=(0, 0), transparent=None, interlaced=False, before=b"", after=b""):
    def colours(table):
        return table.astype(np.uint8).tobytes()

    def bits_of(table):
        return len(table).bit_length() - 1

    rows = list(range(indices.shape[0]))
    if interlaced:
        rows = rows[0::8] + rows[4::8] + rows[2::4] + rows[1::2]
    flags = 0x80 | bits_of(palette) - 1 if palette is not None else 0
    file = b"GIF89a" + struct.pack("<HHBBB", *screen, flags, 0, 0)
    file += b"" if palette is None else colours(palette)
    file += before
    if transparent is not None:
        file += bytes([0x21, 0xF9, 4, 1, 0, 0, transparent, 0])
    flags = (0x80 | bits_of(local) - 1 if local is not None else 0) | (0x40 if interlaced else 0)
    file += b"," + struct.pack("<HHHHB", *at, indices.shape[1], indices.shape[0], flags)
    file += b"" if local is None else colours(local)
    bits = max(2, bits_of(palette if local is None else local))
    return file + lzw(indices[rows].ravel().tolist(), bits) + after + b";"


random = np.random.default_rng(2)
palette, other = random.integers(0, 256, (16, 3)), random.integers(0, 256, (8, 3))
noise = random.integers(0, 16, (h, w))
small = (x // 2 + y) % 8
comment = b"!\xFE\5words\5again\0"
as_pillow("pillow.gif", saved(picture.quantize(64), "GIF"))
as_pillow("plain.gif", gif(noise, palette, before=comment))
as_pillow("interlaced.gif", gif(noise, palette, interlaced=True))
as_pillow("local.gif", gif(small, palette, local=other))
as_pillow("local_only.gif", gif(small, local=other, interlaced=True))
as_pillow("within.gif", gif(noise[:6, :9], palette, at=(4, 3)))
as_pillow("within_transparent.gif", gif(noise[:6, :9], palette, at=(4, 3), transparent=5))
as_pillow("transparent.gif", gif(noise, palette, transparent=3))
as_pillow("beyond.gif", gif(noise, palette, screen=(8, 8), at=(2, 1)))
as_pillow("animated.gif", saved(frames[0].convert("RGB").quantize(16), "GIF", save_all=True,
                                append_images=[f.convert("RGB").quantize(16) for f in frames[1:]]))
long = random.integers(0, 256, (70, 90))  # more than 4,096 codes
as_pillow("long.gif", gif(long, random.integers(0, 256, (256, 3)), screen=(90, 70)))


# PNG and TIFF with several pictures, and a TIFF with one tile of 60000 x 60000, of which the test adds 4,000,000 bytes

as_pillow("animated.png", saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
as_pillow("pages.tif", saved(picture, "TIFF", save_all=True, append_images=[picture.rotate(180)]))
tags = {256: 4, 257: 4, 258: 8, 259: 5, 262: 1, 277: 1, 322: 60000, 323: 60000, 324: 8, 325: 4_000_000}
entries = b"".join(struct.pack("<HHII", tag, 4 if tag in (324, 325) else 3, 1, value) for tag, value in tags.items())
(out / "refused_tile.tif").write_bytes(b"II*\0" + struct.pack("<I", 24) + bytes(16) + struct.pack("<H", len(tags)) + entries
                                       + bytes(4))


# BMP with masks in or after headers of every size

def bmp(name, header, bits, compression, masks, pixels, top_down=False):
    rows = pixels if top_down else pixels[::-1]
    data = b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in rows)
    head = struct.pack("<IiiHHIIiiII", header, w, -h if top_down else h, 1, bits, compression, len(data), 0, 0, 0, 0)
    masks = struct.pack(f"<{len(masks)}I", *masks)
    head = (head + masks).ljust(max(header, 40 + len(masks)), b"\0")
    start = 14 + len(head)
    as_pillow(name, b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + data)


bgra = np.dstack([rgb[:, :, ::-1], np.asarray(alpha)[..., 3]]).copy()
rgba = np.asarray(alpha).copy()
words = ((rgb[..., 0] >> 3).astype(int) << 11 | (rgb[..., 1] >> 2).astype(int) << 5 | rgb[..., 2] >> 3).astype("<u2")
fives = ((rgb[..., 0] >> 3).astype(int) << 10 | (rgb[..., 1] >> 3).astype(int) << 5 | rgb[..., 2] >> 3).astype("<u2")
standard, swapped = (0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000)
bmp("masks_after.bmp", 40, 16, 3, (0xF800, 0x7E0, 0x1F), words)
bmp("masks_after_32bit.bmp", 40, 32, 3, standard, bgra, top_down=True)
bmp("version2.bmp", 52, 32, 3, standard, bgra)
bmp("version2_16bit.bmp", 52, 16, 3, (0x7C00, 0x3E0, 0x1F), fives, top_down=True)
bmp("version3.bmp", 56, 32, 3, (*swapped, 0xFF000000), rgba, top_down=True)
bmp("version5.bmp", 124, 32, 3, (*standard, 0xFF000000), bgra, top_down=True)


# Orientations. Pillow's loader has turned a TIFF already: see make_images.py.

def orientation_of(value, order="<"):
    header = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    other = struct.pack(order + "HHII", 0x110, 3, 1, 0)  # another tag comes first
    tag = struct.pack(order + "HHIHH", 0x112, 3, 1, value, 0)
    return header + struct.pack(order + "H", 2) + other + tag + bytes(4)


def turned(name, data):
    as_pillow(name, data)
    np.save(out / (name + ".turned.npy"), np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")))


small_picture = picture.crop((0, 0, 9, 5))
for value in range(1, 9):
    turned(f"exif{value}.png", saved(small_picture, "PNG", exif=orientation_of(value, "<>"[value % 2])))
turned("exif6.jpg", saved(small_picture, "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + orientation_of(6)))
turned("exif7.jpg", saved(small_picture, "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + orientation_of(7, ">")))
turned("exif8.webp", saved(small_picture, "WEBP", lossless=True, exif=orientation_of(8)))
turned("exif9.png", saved(small_picture, "PNG", exif=orientation_of(9)))  # not an orientation
