"""Writes npy/: one small array of every item type that base/npy.h reads or rejects, made by numpy. Run: python make_npy.py"""
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
values = np.array([[-6.75, 65504, 2 ** -24], [np.inf, 2 ** -14, -0.0]], np.float16)  # the edges of the type
np.save(folder / "f2.npy", values)
np.save(folder / "f2_values.npy", values.astype(np.float32))
base = np.arange(6).reshape(2, 3) * 3 - 6.75
np.save(folder / "big_f4.npy", base.astype(">f4"))
np.save(folder / "big_f8_fortran.npy", np.asfortranarray(base.astype(">f8")))
np.save(folder / "big_i8.npy", (np.arange(6).reshape(2, 3) * 3 - 7).astype(">i8"))
np.save(folder / "big_text.npy", np.array(["12"], ">U2"))
np.save(folder / "bytes_digit.npy", np.array([b"7"]))              # '|S1'
with open(folder / "version3.npy", "wb") as file:
    np.lib.format.write_array(file, np.arange(4, dtype=np.float32), version=(3, 0))

np.save(folder / "refused_object.npy", np.array([{}, []], dtype=object))
np.save(folder / "refused_record.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
np.save(folder / "refused_complex.npy", np.zeros(2, np.complex64))
np.save(folder / "refused_long_double.npy", np.zeros(2, np.longdouble))
np.save(folder / "refused_date.npy", np.array(["2021-04-15"], "datetime64[D]"))
np.save(folder / "refused_void.npy", np.zeros(2, "V2"))
