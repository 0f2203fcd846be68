"""Runs a test program on the emulated GPU, and fails where it fails, or where it never launches a kernel of
bench/kernel_table.json, or launches a product of matrices only in one part or only in several.

  every_kernel.py [--only REGEX] [--except REGEX] PROGRAM [ARGUMENT...]

--only, --except: the kernels that the program is for, by their whole names in the table.
"""
import argparse
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
loader = importlib.machinery.SourceFileLoader("kernel_table", str(ROOT / "scripts" / "kernel_table"))
kernel_table = importlib.util.module_from_spec(importlib.util.spec_from_loader("kernel_table", loader))
loader.exec_module(kernel_table)

# Their grid has the parts in z. A step of weights has one.
CUT_IN_PARTS = r"(forward|backward_data|backward_weights)_kernel<(?!.*StepWeights).*"


def symbols(binary):
    """Address -> mangled names."""
    found = {}
    text = subprocess.run(["nm", binary], capture_output=True, text=True, check=True).stdout
    for address, name in re.findall(r"^([0-9a-f]+) \w (_Z\w+)$", text, re.MULTILINE):
        found.setdefault(int(address, 16), []).append(name)
    return found


def launched(record, enums):
    """Name as in the table -> the grid's extents in z."""
    lines = [line.split("\t") for line in record.read_text().splitlines()]
    of_binary = {binary: symbols(binary) for binary in {line[0] for line in lines}}
    depths = {}
    for binary, address, depth in lines:
        mangled = [name.replace("13cuda_emulated", "4cuda") for name in of_binary[binary].get(int(address, 16), [])]
        for name in kernel_table.short_names(mangled, enums):
            depths.setdefault(name, set()).add(int(depth))
    return depths


def missing(expected, depths):
    """What to say about kernels of the table; depths: the grid's extents in z of those that were launched."""
    found = []
    for name in expected:
        if name not in depths:
            found.append(f"{name}: not launched")
        elif re.fullmatch(CUT_IN_PARTS, name):
            found += [f"{name}: not launched {how}" for how, which in
                      (("in one part", {1}), ("in several parts", depths[name] - {1})) if not which & depths[name]]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=".*")
    parser.add_argument("--except", dest="without", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    table = kernel_table.all_kernels(kernel_table.json.loads(kernel_table.DATA.read_text()))
    expected = [name for name in sorted(table)
                if re.fullmatch(arguments.only, name) and not re.fullmatch(arguments.without, name)]
    if not expected:
        sys.exit("every_kernel: no kernel of the table has such a name")
    with tempfile.TemporaryDirectory() as folder:
        record = pathlib.Path(folder) / "launches"
        run = subprocess.run(arguments.command, env={**os.environ, "PALIMPSEST_EMULATOR_LAUNCHES": str(record)})
        if run.returncode != 0:
            return run.returncode if run.returncode > 0 else 1
        if not record.exists():
            sys.exit("every_kernel: the program did not use the emulated GPU")
        depths = launched(record, kernel_table.enumerators())
    problems = missing(expected, depths)
    for problem in problems:
        print(f"every_kernel: {problem}", file=sys.stderr)
    if problems:
        print("every_kernel: add a case that launches them; if they no longer exist, run scripts/kernel_table",
              file=sys.stderr)
    print(f"every_kernel: {len(expected)} kernels, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
