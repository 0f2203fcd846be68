"""Writes npz/: archives as numpy writes them, and others that are refused. Run: python make_npz.py"""
import io
import pathlib
import struct
import zipfile
import zlib

import numpy as np

folder = pathlib.Path(__file__).parent / "npz"
folder.mkdir(exist_ok=True)
x = np.arange(2 * 3 * 2 * 2, dtype=np.float32).reshape(2, 3, 2, 2) / 4
y = np.array([1, 0])


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(name, members, **options):
    with zipfile.ZipFile(folder / name, "w", **options) as file:
        for member, data in members:
            file.writestr(zipfile.ZipInfo(member), data, compress_type=options.get("compression", zipfile.ZIP_STORED))


np.savez(folder / "stored.npz", x=x, y=y)
np.savez_compressed(folder / "deflated.npz", x=x, y=y, notes=np.array("words"))
np.savez_compressed(folder / "one.npz", x)  # arr_0
np.savez(folder / "others.npz", x_train=x, y_train=y, x_test=x)
zipfile.ZIP64_LIMIT = 16  # so that every size and offset is written as zip64's
archive("zip64.npz", [("x.npy", npy(x)), ("y.npy", npy(y))])
zipfile.ZIP64_LIMIT = (1 << 31) - 1

archive("refused_twice.npz", [("x.npy", npy(x)), ("x.npy", npy(x + 1))])
archive("refused_bzip2.npz", [("x.npy", npy(x))], compression=zipfile.ZIP_BZIP2)
archive("refused_empty.npz", [("readme.txt", b"words")])
archive("refused_text.npz", [("x.npy", b"words\n")])


def by_hand(name, data, method=8, size=None, flags=0, crc=None):
    """One member x.npy, whose header may be wrong."""
    packed = zlib.compress(data, 9)[2:-4] if method == 8 else data
    size = len(data) if size is None else size
    crc = zlib.crc32(data) if crc is None else crc
    middle = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 33, crc, len(packed), size, 5, 0)
    local = b"PK\3\4" + middle + b"x.npy" + packed
    central = b"PK\1\2" + struct.pack("<H", 20) + middle + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"x.npy"
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    (folder / name).write_bytes(local + central + end)


by_hand("good_by_hand.npz", npy(x))
by_hand("refused_bomb.npz", npy(x), size=4_000_000_000)
by_hand("refused_shape.npz", npy(x)[:-4])
by_hand("refused_longer.npz", npy(x) + bytes(4000), size=len(npy(x)))
by_hand("refused_shorter.npz", npy(x)[:-4], size=len(npy(x)))
by_hand("refused_crc.npz", npy(x), crc=1)
by_hand("refused_stored_size.npz", npy(x), method=0, size=len(npy(x)) + 4)
by_hand("refused_encrypted.npz", bytes(12) + npy(x), method=0, flags=1)
# A header that promises 400 GB of values, before a million zeros.
head = npy(np.zeros(0, np.float32)).replace(b"(0,), }          ", b"(99999999999,), }")
assert len(head) == 128 and b"99999999999" in head
by_hand("refused_promise.npz", head + bytes(1_000_000))
