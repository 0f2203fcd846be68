"""Draws bench/kernel_table.md from ptxas' numbers and bench/kernel_costs.toml; see scripts/kernel_table."""
import math
import re

from kernel_occupancy import blocks_per_multiprocessor, occupancy, round_up
from kernel_sass import share

IMAGES = 8  # of a batch
EMPTY = 8  # registers that ptxas gives a kernel whose body is guarded away


class Incomplete(Exception):
    """A kernel without an entry in the costs, or an entry without a kernel."""


def entry_of(kernel, costs):
    found = [entry for entry in costs["kernel"] if re.fullmatch(entry["match"], kernel)]
    if len(found) != 1:
        raise Incomplete(f"kernel {kernel} matches {len(found)} entries of bench/kernel_costs.toml; give it one")
    return found[0]


def precision_of(kernel, entry):
    return re.fullmatch(entry["match"], kernel).groupdict().get("precision") or entry.get("precision", "fp32")


def served_by(entry, architectures):
    if "only" in entry:
        return [a for a in architectures if int(a) == entry["only"]]
    return [a for a in architectures if int(a) >= entry.get("needs", 0)]


# --------------------------------------------------------------------------------------------------- ptxas' numbers

def threads_of(kernel, numbers, entry):
    threads = numbers.get("threads") or entry.get("threads")
    if not threads:
        raise Incomplete(f"kernel {kernel} has no __launch_bounds__: its entry of the costs needs threads")
    return threads


def shared_of(kernel, numbers, architecture, entry):
    """Bytes of a block, those included that the launcher asks for."""
    static = numbers[architecture]["shared"]
    if not numbers.get("dynamic"):
        return static
    if "dynamic_shared" not in entry:
        raise Incomplete(f"kernel {kernel} uses dynamic shared memory: its entry of the costs needs dynamic_shared")
    code = numbers[architecture].get("code", {})
    rows, columns, depth = code.get("tile", (0, 0, 0))
    values = {"rows": rows, "columns": columns, "depth": depth, "stages": code.get("stages", 0),
              "width": 2 if precision_of(kernel, entry) == "bf16" else 4}
    return static + eval(str(entry["dynamic_shared"]), {"__builtins__": {}}, values)  # our own file


def blocks_of(kernel, numbers, architecture, entry):
    """How many fit on a multiprocessor."""
    return blocks_per_multiprocessor(architecture, threads_of(kernel, numbers, entry), numbers[architecture]["registers"],
                                     shared_of(kernel, numbers, architecture, entry))


def cell(kernel, numbers, architecture, entry):
    resident = occupancy(architecture, threads_of(kernel, numbers, entry), numbers[architecture]["registers"],
                         shared_of(kernel, numbers, architecture, entry))
    return f"{numbers[architecture]['registers']} · {round(100 * resident)}%"


def shared_range(kernel, numbers, architectures, entry):
    sizes = {shared_of(kernel, numbers, a, entry) for a in architectures}
    return " to ".join(f"{size / 1024:.3g}" for size in sorted({min(sizes), max(sizes)}))


def resource_table(architectures, kernels, costs):
    headings = ["kernel", "threads", "shared KiB", "stack", "spilled", *(f"sm_{a}" for a in architectures)]
    lines = [f"| {' | '.join(headings)} |",
             "|---|---|---|---|---|" + "---|" * len(architectures)]
    for kernel, numbers in sorted(kernels.items()):
        entry = entry_of(kernel, costs)
        served, compiled = served_by(entry, architectures), [a for a in architectures if a in numbers]
        threads = threads_of(kernel, numbers, entry)
        for a in compiled:
            if a not in served and (numbers[a]["shared"] or numbers[a]["registers"] > EMPTY):
                raise Incomplete(f"kernel {kernel} has code for sm_{a}, which lacks what it needs: guard its body")
        cells = [cell(kernel, numbers, a, entry) if a in served else "" for a in architectures]
        stack = max(numbers[a]["stack"] for a in served)
        spilled = max(numbers[a]["spilled"] for a in compiled)
        lines.append(f"| `{kernel}` | {threads} | {shared_range(kernel, numbers, served, entry)} | {stack} | {spilled} | "
                     + " | ".join(cells) + " |")
    return lines


def code_table(read, kernels, costs):
    headings = ["kernel", "sm", "issued", "tensor", "share", "generic", "shared", "fetched", "integer", "ahead", "blocks"]
    lines = [f"| {' | '.join(headings)} |", "|---|" + "---|" * (len(headings) - 1)]
    for kernel, numbers in sorted(kernels.items()):
        for architecture in read:
            one = numbers.get(architecture, {})
            code = one.get("code", {})
            if "ahead" not in code:
                continue
            step = code["step"]
            blocks = blocks_of(kernel, numbers, architecture, entry_of(kernel, costs))
            main = {kind: n for kind, n in step.items() if "MMA." in kind} or {"FFMA": step["ffma"]}
            cells = [f"`{kernel}`", architecture, step["issued"], ", ".join(f"{n} {kind}" for kind, n in main.items()),
                     f"{100 * share(step):.1f}%", step.get("generic loads", 0),
                     step.get("shared reads", 0) + step.get("shared writes", 0), step.get("global reads", 0),
                     step.get("integer", 0), "?" if code["ahead"] is None else code["ahead"], blocks]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


# --------------------------------------------------------------------------------------------------- bytes, FLOPs, time

def values_of(group, shape):
    """`shape` includes the images of a batch, if the group depends on them."""
    values = {"pad": lambda channels: round_up(channels, 8), **shape}
    for name, expression in group["let"].items():
        values[name] = eval(expression, {"__builtins__": {}}, values)  # our own file
    return values


def launches(entry, costs):
    """Name, bytes and FLOPs of each launch."""
    for name in entry["groups"]:
        group = costs["group"][name]
        for shape in group["shapes"]:
            values = values_of(group, {"images": IMAGES, **shape})
            yield shape["name"], *(eval(entry[what], {"__builtins__": {}}, values) for what in ("bytes", "flops"))


def microseconds(seconds):
    """Three significant digits."""
    value = 1e6 * seconds
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def time_cell(moved, flops, gpu, precision):
    """The time, and its bottleneck: m for memory, c for computing."""
    memory, computing = moved / gpu["bandwidth"], flops / gpu["peak"][precision]
    return f"{microseconds(max(memory, computing))} {'m' if memory >= computing else 'c'}"


def columns_of(precisions, gpus):
    return [(gpu, precision) for precision in ("fp32", "tf32", "bf16") if precision in precisions
            for gpu in gpus if precision in gpu["peak"]]


def millions(value):
    return f"{value / 1e6:.0f}" if value >= 1e9 else f"{value / 1e6:.4g}"


def row(name, moved, flops, columns):
    intensity = f"{flops / moved:.3g}" if moved else ""
    times = " | ".join(time_cell(moved, flops, gpu, precision) for gpu, precision in columns)
    return f"| {name} | {millions(moved)} | {millions(flops)} | {intensity} | {times} |"


def cost_table(operation, entries, costs, gpus):
    columns = columns_of({precision for precision, _ in entries}, gpus)
    lines = [f"### {operation}", "",
             "| launch | MB | MFLOP | FLOP/B | " + " | ".join(f"{g['name']} {p}" for g, p in columns) + " |",
             "|---|---|---|---|" + "---|" * len(columns)]
    each = list(launches(entries[0][1], costs))
    lines += [row(name, moved, flops, columns) for name, moved, flops in each]
    if len(each) > 1:
        times = []
        for gpu, precision in columns:
            total = sum(max(moved / gpu["bandwidth"], flops / gpu["peak"][precision]) for _, moved, flops in each)
            times.append(microseconds(total))
        moved, flops = sum(m for _, m, _ in each), sum(f for _, _, f in each)
        lines.append(f"| all {len(each)} | {millions(moved)} | {millions(flops)} | {flops / moved:.3g} | "
                     + " | ".join(times) + " |")
    return [*lines, ""]


def by_operation(kernels, costs):
    """Operation -> list of (precision, entry) of the kernels that do it, in the order of the costs."""
    found = {}
    for kernel in kernels:
        entry = entry_of(kernel, costs)
        if "why" not in entry:
            pair = (precision_of(kernel, entry), entry)
            if pair not in found.setdefault(entry["operation"], []):
                found[entry["operation"]].append(pair)
    order = list(dict.fromkeys(entry["operation"] for entry in costs["kernel"] if "operation" in entry))
    unused = [operation for operation in order if operation not in found]
    if unused:
        raise Incomplete(f"no kernel does \"{unused[0]}\" of bench/kernel_costs.toml; drop its entry")
    return {operation: found[operation] for operation in order}


def without_cost(kernels, costs):
    lines = []
    for kernel in sorted(kernels):
        entry = entry_of(kernel, costs)
        if "why" in entry:
            lines.append(f"- `{kernel}`: {entry['why']}.")
    return lines


def render(version, architectures, read, kernels, costs, gpus):
    lines = ["# Kernels", "",
             f"Written by `scripts/kernel_table` with nvcc {version}; do not edit. No GPU was involved: registers, memory",
             "and spills are what ptxas assigned, instructions what nvcc generated, the rest is arithmetic.", "",
             "## What ptxas assigned", "",
             "For each architecture: registers a thread · share of a multiprocessor's warps that are resident when blocks",
             "of the kernel fill it. Static shared memory in KiB, stack and spilled bytes are the worst of all",
             "architectures. An empty cell: the architecture lacks what the kernel needs, and the launcher refuses it.", ""]
    lines += resource_table(architectures, kernels, costs)
    lines += ["", "## What a warp issues", "",
              "For one step of a product's sum: instructions that a warp issues on the steady path of the main loop",
              "(`bench/kernel_sass.py` says which that is), and among them tensor instructions (FFMA for fp32) with their",
              "share, generic loads, reads and writes of shared memory, 16-byte chunks fetched from global memory, integer",
              "instructions (addresses and conditions). Ahead: tiles on their way while one is multiplied. Blocks: on a",
              "multiprocessor.", ""]
    lines += code_table(read, kernels, costs)
    lines += ["", "## The least time of a launch", "",
              "VGG16 at 224 x 224, batch 8. A launch takes at least the time to move its bytes once (m) or to do its",
              "operations at the published peak (c), whichever is longer, in microseconds; tiles, caches and latency only",
              "add to it. Several kernels of the table above may do one operation: the launcher chooses by shape.", ""]
    for gpu in gpus:
        peaks = ", ".join(f"{precision} {peak / 1e12:g}" for precision, peak in gpu["peak"].items())
        lines.append(f"- {gpu['name']}: {gpu['bandwidth'] / 1e9:g} GB/s; TFLOP/s: {peaks}. {gpu['source']}.")
    lines.append("")
    for operation, entries in by_operation(kernels, costs).items():
        lines += cost_table(operation, entries, costs, gpus)
    lines += ["### Without a row", "", *without_cost(kernels, costs), ""]
    return "\n".join(lines)
