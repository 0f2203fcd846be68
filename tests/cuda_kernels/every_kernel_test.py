"""tests/cuda_kernels/every_kernel.py finds what a program left out, and passes on its failure."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import every_kernel  # noqa: E402

PRODUCT = "forward_kernel<TileOf<fp32, large>, false, BiasRelu>"


class Missing(unittest.TestCase):
    def test_nothing(self):
        self.assertEqual(every_kernel.missing(["add", PRODUCT], {"add": {1}, PRODUCT: {1, 3}, "other": {1}}), [])

    def test_a_kernel_or_a_cut(self):
        self.assertEqual(every_kernel.missing(["add", PRODUCT], {}), ["add: not launched", f"{PRODUCT}: not launched"])
        self.assertEqual(every_kernel.missing([PRODUCT], {PRODUCT: {1}}), [f"{PRODUCT}: not launched in several parts"])
        self.assertEqual(every_kernel.missing([PRODUCT], {PRODUCT: {2}}), [f"{PRODUCT}: not launched in one part"])


class Record(unittest.TestCase):
    def run_script(self, program):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "program"
            script.write_text(f"#!/bin/sh\n{program}\n")
            script.chmod(0o755)
            command = [sys.executable, every_kernel.__file__, "--only", "pool_forward", str(script)]
            return subprocess.run(command, capture_output=True, text=True)

    def test_a_program_that_launches_nothing_fails(self):
        run = self.run_script(': > "$PALIMPSEST_EMULATOR_LAUNCHES"')
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("pool_forward: not launched", run.stderr)

    def test_a_program_without_the_emulator_fails(self):
        run = self.run_script("true")
        self.assertEqual(run.returncode, 1)
        self.assertIn("did not use the emulated GPU", run.stderr)

    def test_a_failure_stays_one(self):
        self.assertEqual(self.run_script("exit 7").returncode, 7)


if __name__ == "__main__":
    unittest.main()
