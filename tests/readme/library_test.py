"""The program in README.md's "Use it as a library", with its CMakeLists.txt and commands, outside the repository.

  library_test.py README BUILD_FOLDER PALIMPSEST_PROGRAM WEIGHTS
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

readme, build, program, weights = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
SECTION = re.search(r"^## Use it as a library\n(.*?)^## ", readme.read_text(), re.DOTALL | re.MULTILINE)[1]


def block(language):
    """The section's only block of code in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
    return text


class UseItAsALibrary(unittest.TestCase):
    def test_the_readme_is_right(self):
        commands = block("sh")
        self.assertIn("/path/to/palimpsest/build/release", commands)
        with tempfile.TemporaryDirectory() as scratch:
            pathlib.Path(scratch, "mine.cpp").write_text(block("cpp"))
            pathlib.Path(scratch, "CMakeLists.txt").write_text(block("cmake"))
            # The weights that the program reads. Those of the tests do not say how large their pictures are.
            subprocess.run([program, "weights", weights, "--size", "32", "--quiet", "--out", f"{scratch}/weights.safetensors"],
                           check=True, stdout=subprocess.DEVNULL)
            result = subprocess.run(["bash", "-ec", commands.replace("/path/to/palimpsest/build/release", str(build))],
                                    cwd=scratch, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout.splitlines()[-1], r"^logits: \[(-?\d+\.\d+(e-\d+)?(, )?){5}\]$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
