#!/usr/bin/env python3
"""Writes the first inputs of every fuzz target: fuzz/make_seeds.py FOLDER makes FOLDER/TARGET/NAME.

They are small goldens of the tests, and examples of the files of text. scripts/fuzz --merge adds those to fuzz/corpus
that reach code of their own.
"""
import json
import pathlib
import struct
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDENS = ROOT / "tests/goldens"
LARGEST = 10_000  # bytes; keras_weights takes larger ones, since HDF5 has none as small


def goldens(pattern, largest=LARGEST):
    return {path.name: path.read_bytes() for path in sorted(GOLDENS.glob(pattern)) if path.stat().st_size <= largest}


def pictures(*endings):
    return {name: content for ending in endings for name, content in goldens(f"images/*.{ending}").items()}


def pickles():
    """The pickles of PyTorch's archives, whatever their size."""
    found = {}
    for path in sorted(GOLDENS.glob("pytorch/*.pth")):
        if zipfile.is_zipfile(path) and path.stem != "no_checksums":
            with zipfile.ZipFile(path) as archive:
                name = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
                if name:
                    found[path.name] = archive.read(name)
    return {name: content for name, content in found.items() if len(content) <= LARGEST}


def exif(orientation, big_endian=False):
    order = ">" if big_endian else "<"
    tiff = (b"MM\0*" if big_endian else b"II*\0") + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    segment = b"Exif\0\0" + tiff
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + b"\xff\xd9"


def masks():
    header = b"{'descr': '<u4', 'fortran_order': False, 'shape': (1, 64, 64), }"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", 118) + header.ljust(117) + b"\n" + b"\x5a" * 64 * 64 * 4


def keras_model(class_name="Sequential"):
    layers = [{"class_name": "InputLayer", "config": {"name": "input_1", "batch_input_shape": [None, 32, 32, 3]}}]
    for block, count in enumerate((2, 2, 3, 3, 3), 1):
        for number in range(1, count + 1):
            layers.append({"class_name": "Conv2D", "config": {
                "name": f"block{block}_conv{number}", "kernel_size": [3, 3], "strides": [1, 1], "padding": "same",
                "dilation_rate": [1, 1], "activation": "relu", "use_bias": True, "data_format": "channels_last"}})
        layers.append({"class_name": "MaxPooling2D", "config": {
            "name": f"block{block}_pool", "pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}})
    layers.append({"class_name": "Flatten", "config": {"name": "flatten"}})
    for name, activation in (("fc1", "relu"), ("fc2", "relu"), ("predictions", "softmax")):
        layers.append({"class_name": "Dense", "config": {"name": name, "activation": activation, "units": 8}})
    if class_name != "Sequential":
        for before, layer in zip([None, *layers], layers):
            layer["name"] = layer["config"]["name"]
            layer["inbound_nodes"] = [[[before["config"]["name"], 0, 0, {}]]] if before else []
    return text({"class_name": class_name, "config": {"name": "vgg16", "layers": layers}})


def text(value):
    return json.dumps(value).encode()


def keras_objects(keras_3=False, listed=True):
    """A configuration, then the objects of its file, as fuzz/keras_parameters.cpp takes them."""
    model = json.loads(keras_model())
    lines, counts, group = [], {}, "" if listed else "model_weights/"
    for layer in model["config"]["layers"]:
        kind, name = layer["class_name"], layer["config"]["name"]
        if kind not in ("Conv2D", "Dense"):
            continue
        number = counts[kind] = counts.get(kind, -1) + 1
        path = f"layers/{kind.lower()}{f'_{number}' if number else ''}/vars" if keras_3 else f"{group}{name}/{name}"
        kernel, bias = ("0", "1") if keras_3 else ("kernel:0", "bias:0")
        lines += [f"data {path}/{kernel} {'3 3 8 8' if kind == 'Conv2D' else '8 8'}", f"data {path}/{bias} 8"]
        if not keras_3:
            lines += [f"group {group}{name} {name}/kernel:0 {name}/bias:0", f"layer {name}"]
    return (json.dumps(model) if not listed else "").encode() + b"\n" + "\n".join(lines).encode()


T_TEST = {"t": 1.5, "df": 9.0, "p": 0.2}
MCNEMAR = {"b": 3, "c": 1, "both_right": 5, "both_wrong": 2, "exact_p": 0.6, "chi2": {"statistic": 1.0, "p": 0.3},
           "chi2_corrected": {"statistic": 0.2, "p": 0.6}}
ESTIMATE = {"value": 0.1, "low": 0.0, "high": 0.2, "test": T_TEST}
LOSS = {"before": 0.75, "after": 0.5, "runs": 3, "image_variance": 0.01, "run_variance": 0.02, "loss": ESTIMATE}
CONCEPT = {"unit": 5, "k": 0, "faces": "blank", "hypothesis": True, "images": 9, "positives": 4, "repeats": 2,
           "paper_images": 9, "f1_before": 0.5, "f1_after": 0.4, "auc": LOSS, "ungrouped": False, "holm": 1.0,
           "difference": 0.1, "low": 0.0, "high": 0.2, "paired": T_TEST, "corrected": T_TEST | {"t": None},
           "grouped_difference": None, "grouped_corrected": T_TEST}
TRUTH = {"id": "a.png", "shown": [4], "areas": {"4": [[0.5, 0.5, 0.1, 0.1]]}}
STATE = {"step": "a", "status": "finished", "inputs": {"lr": "0.1"}, "outputs": {"x": {"sha256": "00", "size": 3}}}
CURVE = b'{"epoch": 1, "train_loss": 0.5, "train_accuracy": 0.25, "validation_loss": 0.75}\n'
RESULTS = [CURVE, text(STATE),
           text([{"id": "a.png", "label": 1, "input": "a.png", "a": "b.png", "logit_a": 1.5, "total_b": -0.5}]),
           text([{"id": "a.png", "au": {"4": {"area": 0.1, "a": 0.2}}}]), text([TRUTH]), text([CONCEPT]),
           text({"sets": [{"f1": [0.5, 0.25]}] * 6}),
           text({"seed": 1, "emotions": [{"emotion": "happy", "found": 3, "images": [{"id": "a.png", "subject": "s"}]}]}),
           text([{"k": 0, "emotion": "happy", "explained": 3, "inverted": 1, "subjects": 2, "units": [
               {"number": 5, "images": 2, "clusters": 2, "area": 0.1, "before": 0.3, "after": 0.2,
                "lost": {"mean": 0.1, "low": 0.0, "high": 0.2}}]}])]
RECORDS = {
    "study": {"names": {"source": "emotion", "sources": "emotions", "target": "pain", "unit": "AU", "units": "AUs"},
              "emotion": "affectnet:E", "pain": "unbc:P", "concepts": "ckplus:C", "drawn": True, "from_scratch": False,
              "emotions": ["happy", "sad"], "parts": [{"name": "emotion, training", "classes": [["happy", 3]]}],
              "units": [{"number": 5, "name": "", "positives": 3, "images": 9, "tested": True, "pain_bits": 0.25}],
              "hypotheses": [{"emotion": "happy", "unit": 12, "name": ""}], "emotion_units": {"happy": [6, 12]},
              "pain_units": [4], "pain_sometimes_units": [12], "null_seeds": [2],
              "runs": [{"k": 5, "seed": None}, {"k": 0, "seed": None}, {"k": 0, "seed": 2}], "bottom_cut": [5],
              "co_occurring": [26], "seed": 1, "report_pictures": 6, "values": [["seed", "1"]], "choices": [["a", "b"]],
              "warnings": ["w"], "machines": ["cpu"]},
    "mcnemar": [{"k": 0, "emotion": "happy", "hypothesis": True, "images": 11, "test": MCNEMAR, "holm": 1.0}],
    "concepts": [CONCEPT],
    "losses": {"c": 0.01, "c_tried": [0.001, 0.01], "auc": [0.75, 0.875],
               "models": [{"k": 0, "runs": 3, "all": {"f": 2.0, "df1": 8.0, "df2": 30.0, "p": 0.1}, "mean": ESTIMATE,
                           "selectivity": None}],
               "rows": [{"k": 0, "emotion": "happy", "hypothesis": True, "images": 11, "auc": LOSS | {"images": ESTIMATE},
                         "holm": 1.0, "recall_before": 0.75, "recall_after": 0.5}]},
    "ranking": [{"k": 0, "units": [{"number": 5, "group": "never", "auc_lost": 0.1, "low": 0.0, "high": 0.2}],
                 "mean_lost": {"never": 0.1}, "auc": 0.5, "auc_core": None, "p": 0.5, "p_core": None,
                 "spearman_bits": -0.5, "tau_bits": None}],
    "null": [{"k": 0, "seeds": [1, 2], "spreads": [{"emotion": "happy", "mean": 1.0, "sd": 0.0, "low": 1.0, "high": 1.0}],
              "pairs": [{"seed_a": 1, "seed_b": 2, "emotion": "happy", "test": MCNEMAR}]}],
    "truth": [TRUTH],
}
PREDICTIONS = b"id,label,predicted,p0,p1\na.png,0,1,0.25,0.75\n\"b,1\",1,1,1e-7,0.9999999\n"
NAMED = b"id,label,predicted,p0,p1,label_name,predicted_name\na.png,0,1,0.25,0.75,happy,sad\n"
LIST = (b"subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
        b"1/a.jpg,0,0,5,5,1;2,3,0.5,0.5\n\"1/a.jpg\",0,0,5,5,,0,0,0\n")
TRAINING = b"""data = "folder:x"
classes = ["a", "b"]
epochs = 3
lr = 0.01
class-weights = "none"
hidden = [8, 8]
preset = "pain,scratch"
augment = "none"
"""

SEEDS = {
    "safetensors": goldens("safetensors/*.safetensors") | goldens("pytorch/tensors.safetensors"),
    "npy": goldens("npy/*.npy"),
    "npz": goldens("npz/*.npz"),
    "csv": {"quotes": b'\xef\xbb\xbfid,label,text\r\n"a,1",0,"said ""no"""\r\nb,1,\nc,2,"two\nlines"\n',
            "numbers": b"a,b\n 1 ,2\n-3e4,0x10\n1e999,nan\n"},
    "table": {"plain": b"path,label,landmarks\na,1,2;3\n", "pandas": b',"Path", LABEL ,x\n0,a,1,\n', "bare": b"a;1;2\nb;2;3\n",
              "excel": b"sep=;\npath;label\na;1\n", "tabs": b"#path\tlabel\na\t1\n", "bars": b"path|label\na|1\n"},
    "class_names": {"plain": b"happy\nsad\n Surprise \n", "others": "\ufeffhappiness\r\n\r\nÜberraschung\nΣ\n".encode()},
    "algorithm_table": {"table": text({"device": "cpu", "choices": [
        {"pass": name, "shape": [1, 3, 32, 32, 8], "algorithm": "winograd"}
        for name in ("forward", "backward_data", "backward_weights", "relevance")]})},
    "png": pictures("png"), "jpeg": pictures("jpg"), "bmp": pictures("bmp"), "gif": pictures("gif"), "webp": pictures("webp"),
    "tiff": pictures("tif"), "pnm": pictures("pnm", "ppm", "pgm", "pbm"),
    "exif": {f"jpeg{n}": exif(n, n % 2 == 0) for n in range(10)} | goldens("images/exif*.*p*g") | goldens("images/exif*.webp"),
    "affectnet_list": {"list": LIST, "words": LIST.replace(b",3,0.5", b",Happy,0.5"), "bare": LIST[LIST.index(b"\n") + 1:]},
    "drawn_truth": {"list": b"id,part,person,emotion,width,height,mask_row,action_units\na.png,train,p1,happy,64,48,0,4:3;12:2\n",
                    "masks": masks()},
    "picture_cache": {"cut": b"\0" * 64},
    "numbers": {"points": b"1 2\n3.5 -4e0\n", "facs": b"   1.0000000e+00   4.0000000e+00\n", "mark": b"\xef\xbb\xbf1\r\n"},
    "pickle": pickles(),
    "pytorch_object": pickles(),
    "weights": goldens("pytorch/*.pth") | goldens("weights/*.safetensors") | {
        "json": b'{"weight_map": {}}', "html": b"<!DOCTYPE html>", "lfs": b"version https://git-lfs.github.com/spec/v1\n"},
    "keras_weights": goldens("keras/*.h5", 27_000),
    "keras_config": {"sequential": keras_model(), "functional": keras_model("Functional"), "model": keras_model("Model")},
    "keras_parameters": {"configured": keras_objects(listed=False), "listed": keras_objects(),
                         "keras3": keras_objects(keras_3=True), "keras3_configured": keras_objects(True, False)},
    "predictions": {"plain": PREDICTIONS, "named": NAMED},
    "train_config": {"training": TRAINING, "table": b"[train]\nlr = 0.1\nfreeze_blocks = 3\n"},
    "study_config": {path.name: path.read_bytes() for path in sorted((ROOT / "experiments/configs").glob("*.toml"))},
    "study_records": {name: text(record) for name, record in RECORDS.items()},
    "study_steps": {"state": text(STATE), "times": b'{"step":"emotion","seconds":1.5}\n{"step":"pain-b0","seconds":2}\n'},
    "study_results": {"all": b"\0".join(RESULTS), **{str(i): b"\0" * i + part for i, part in enumerate(RESULTS)}},
}


def main():
    for target, files in SEEDS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
