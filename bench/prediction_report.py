"""Draws bench/predictions.md from the predictions of bench/kernel_model.py."""
from kernel_model import BATCHES, PASSES, PRECISIONS

LETTERS = {"issue": "i", "pipe": "p", "double": "d", "shared": "s", "l2": "l", "memory": "m", "waiting": "w"}


def three_digits(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def total_table(predictions, batch):
    names = [name for name in predictions["totals"][0] if name not in ("gpu", "batch", "precision")]
    lines = [f"| batch {batch} | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    return lines + [f"| {t['gpu']}, {t['precision']} | " + " | ".join(three_digits(t[name]) for name in names) + " |"
                    for t in predictions["totals"] if t["batch"] == batch] + [""]


def layer_table(entries, gpus):
    columns = [(gpu, precision) for gpu in gpus for precision in PRECISIONS]
    headings = [f"{gpu} {precision}" for gpu, precision in columns]
    lines = [f"| layer | {' | '.join(headings)} |", "|---|" + "---|" * len(columns)]
    at = {(e["layer"], e["gpu"], e["precision"]): e for e in entries}
    for layer in dict.fromkeys(e["layer"] for e in entries):
        found = [at[layer, *column] for column in columns]
        lines.append(f"| {layer} | " + " | ".join(
            f"{three_digits(e['ms'])} {LETTERS[e['binds']]} {round(100 * e['roofline'])}%" for e in found) + " |")
    return [*lines, ""]


def render(predictions, gpus):
    names = [gpu["name"] for gpu in gpus if "multiprocessors" in gpu]
    lines = ["# Predicted times", "",
             "Written by `scripts/kernel_table`; do not edit. No GPU was involved. The formulas are in `bench/kernel_model.py`,",
             "the GPUs' figures with their sources in `bench/gpus.toml`, all bounds in `bench/predictions.json`, and how to read",
             "them in `docs/kernels.md`. Milliseconds, VGG16 at 224 x 224, the library's own kernels.", "",
             "## Whole operations", "",
             "A training step trains all parameters with momentum and does not clip; a head-only step trains the fully connected",
             "layers on features in the GPU's memory, without momentum. Relevance is by the study's rules, the forward pass",
             "included. Copies between host and GPU are not counted.", ""]
    for batch in BATCHES:
        lines += total_table(predictions, batch)
    lines += ["## Layers", "",
              "Milliseconds; what binds the longest launch: i issue, p tensor cores or FMA pipes, d double precision,",
              "s shared memory, l L2, m memory, w waiting for a fetch; and the share of the roofline, which is the least time",
              "over the predicted one. Denominator and redistribute: relevance of one target.", ""]
    for one in PASSES:
        for batch in BATCHES:
            entries = [e for e in predictions["layers"] if e["pass"] == one and e["batch"] == batch]
            lines += [f"### {one.replace('_', ' ')}, batch {batch}", "", *layer_table(entries, names)]
    return "\n".join(lines)
