"""kernel_cuts_test.py PROGRAM: bench/kernel_cuts.csv, which times are predicted from, is what the library does."""
import pathlib
import subprocess
import sys

RECORD = pathlib.Path(__file__).resolve().parents[2] / "bench" / "kernel_cuts.csv"


def main(program):
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    recorded = RECORD.read_text().splitlines()
    wrong = [pair for pair in zip(printed, recorded) if pair[0] != pair[1]]
    for now, before in wrong[:10]:
        print(f"now {now}, recorded {before}")
    tiled = [line for line in printed if " warpgroups," not in line]
    same = printed == recorded and len(tiled) == 1 + 2 * 16 * 3 * 5 and len(printed) > len(tiled)
    remedy = "as recorded" if same else f"not as recorded: run {program} > {RECORD}, then scripts/kernel_table"
    print(f"kernel_cuts_test: {len(printed)} lines, {remedy}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
