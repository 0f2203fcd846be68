"""Writes npy/: one small array of every item type that base/npy.h reads, made by numpy. Run: python make_npy.py"""
import pathlib

import numpy as np

folder = pathlib.Path(__file__).parent / "npy"
folder.mkdir(exist_ok=True)
for name in "f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
    base = np.arange(6).reshape(2, 3) * 3 + (0.25 if name[0] == "f" else 0)
    if name[0] in "fi":
        base = base - 7
    np.save(folder / f"{name}.npy", base.astype("<" + name))
np.save(folder / "bool.npy", np.array([[True, False, True], [False, False, True]]))
np.save(folder / "fortran.npy", np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)))
np.save(folder / "text_scalar.npy", np.array("-0.0793651"))      # '<U10', shape (): AffectNet-8's valence
np.save(folder / "text_digit.npy", np.array(["7"]))              # '<U1', shape (1,)
np.save(folder / "scalar.npy", np.float64(2.5))
np.save(folder / "empty.npy", np.zeros((0, 3), np.float32))
np.save(folder / "one.npy", np.arange(5, dtype=np.int64))         # shape (5,): Python writes the comma
with open(folder / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, np.arange(4, dtype=np.float32), version=(2, 0))
np.save(folder / "refused_half.npy", np.zeros(3, np.float16))
np.save(folder / "refused_big_endian.npy", np.zeros(3, ">f4"))
np.save(folder / "refused_object.npy", np.array([{}, []], dtype=object))
np.save(folder / "refused_record.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
