"""occupancy_test.py PROGRAM: bench/kernel_occupancy.py gives the occupancies that the toolkit's calculator prints."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import kernel_occupancy  # noqa: E402


def main(program):
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = 0
    for line in lines:
        architecture, *numbers = line.split()
        threads, registers, shared, blocks = map(int, numbers)
        share = kernel_occupancy.occupancy(architecture, threads, registers, shared)
        if abs(share - blocks * -(-threads // 32) / kernel_occupancy.LIMITS[architecture][0]) > 1e-9:
            print(f"sm_{architecture}, {threads} threads, {registers} registers, {shared} bytes: not {share} but {blocks}")
            wrong += 1
    print(f"occupancy_test: {len(lines)} kernels, {wrong} wrong")
    return 1 if wrong or len(lines) < 1000 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
