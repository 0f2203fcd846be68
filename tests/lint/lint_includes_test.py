"""scripts/lint_includes finds every fault, and nothing in correct code."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lint_includes"
loader = importlib.machinery.SourceFileLoader("lint_includes", str(SCRIPT))
lint_includes = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint_includes", loader))
loader.exec_module(lint_includes)

RIGHT = [
    ("nn/network.cpp", '#include "nn/network.h"\n#include "ops/device.h"\n#include <vector>\n#include <fmt/format.h>'),
    ("cpu/context.h", "#include <oneapi/dnnl/dnnl.hpp>"),
    ("experiments/devices.cpp", '#include "cpu/device.h"\n#include "cuda/device.h"\nmake_cpu_device(1);'),
    ("experiments/info.cpp", '#include "cuda/device.h"'),
    ("tests/cpu/cpu_test.cpp", '#include "cpu/device.h"\n#include "tests/support/guarded.h"'),
    ("tests/cuda/memory/device_test.cpp", '#include "cuda/memory_pool.h"\n#include <gtest/gtest.h>'),
    ("examples/01_layer.cpp", '#include "cpu/device.h"\n#include "examples/compare.h"\nmake_cpu_device(1);'),
    ("examples/05_new_operation/case.cpp", '#include "tests/support/op_cases.h"'),
    ("data/drawn/face.h", "namespace palimpsest::data::drawn {"),
    ("experiments/study/records.cpp", "namespace palimpsest {\nnamespace analysis {\n}\nnamespace experiments {"),
    ("tests/support/op_cases.h", "namespace palimpsest {"),
    ("lrp/rules.h", '// what make_cpu_device makes\n// #include "experiments/train.h"'),
]
WRONG = [
    ("base/files.cpp", '#include "base/files.h"\n#include "nn/network.h"', 2, "base/ includes only itself"),
    ("nn/network.cpp", '#include "lrp/rules.h"', 1, "nn/ includes only itself"),
    ("cpu/device.cpp", '#include "cuda/device.h"', 1, "cpu/ includes only itself"),
    ("cuda/conv2d.cpp", '#include "cpu/layout.h"', 1, "cuda/ includes only itself"),
    ("nn/network.cpp", '#include "tests/support/guarded.h"', 1, "does not include tests"),
    ("tests/base/files_test.cpp", '#include "tests/nn/toy.h"', 1, "tests/base/ includes only itself"),
    ("nn/network.cpp", "#include <oneapi/dnnl/dnnl.hpp>", 1, "only in cpu"),
    ("data/pictures.cpp", "  #  include <cudnn.h>", 1, "only in emulator, cuda"),
    ("experiments/train.cpp", "#include <CLI/CLI.hpp>", 1, "only in experiments/command_line"),
    ("nn/run_folder.cpp", "#include <toml++/toml.h>", 1, "only in experiments"),
    ("experiments/report/html.cpp", "#include <cairo.h>", 1, "only in data"),
    ("base/files.cpp", "#include <hdf5.h>", 1, "only in nn"),
    ("base/files.cpp", "#include <zstd/zstd.h>", 1, "is in no list"),
    ("experiments/train.cpp", '#include "cpu/device.h"', 1, "experiments/devices"),
    ("bench/ops_bench.cpp", "\nmake_cpu_device(2);", 2, "experiments/devices"),
    ("examples/03_explain.cpp", '#include "experiments/devices.h"', 1, "examples/ includes only itself"),
    ("examples/02_train.cpp", '#include "cpu/context.h"', 1, "examples/ includes only itself"),
    ("tests/nn/toy.h", "make_cpu_device(1);", 1, "tests/support"),
    ("nn/network.h", "#pragma once\nnamespace palimpsest {", 2, "palimpsest::nn"),
    ("tests/lrp/rules_test.cpp", "namespace palimpsest::nn {", 1, "palimpsest::lrp"),
    ("tests/new/new_test.cpp", '#include "base/files.h"', 1, "add what it may include"),
]


def run(files):
    """The exit code, and what was printed, for a tree that holds these files alone."""
    with tempfile.TemporaryDirectory() as root:
        for file, code in files.items():
            path = pathlib.Path(root) / file
            path.parent.mkdir(parents=True)
            path.write_text(code)
        result = subprocess.run([sys.executable, SCRIPT, "--root", root], capture_output=True, text=True, check=False)
        return result.returncode, result.stdout


class LintIncludes(unittest.TestCase):
    def test_lets_pass_what_is_right(self):
        for file, code in RIGHT:
            with self.subTest(code):
                self.assertEqual(list(lint_includes.findings(file, code)), [])

    def test_finds_what_is_wrong(self):
        for file, code, line, words in WRONG:
            with self.subTest(code):
                found = list(lint_includes.findings(file, code))
                self.assertTrue(found)
                self.assertEqual(found[0][0], line)
                self.assertIn(words, found[0][1])

    def test_a_planted_file_fails(self):
        self.assertEqual(run({"base/good.h": "#include <vector>", "nn/bad.cpp": '#include <vector>\n#include "lrp/rules.h"'}),
                         (1, "nn/bad.cpp:2: nn/ includes only itself and base, ops, data, not lrp/rules.h\n"
                             "lint_includes: 2 files, 1 findings\n"))
        self.assertEqual(run({"base/good.h": "#include <vector>"}), (0, "lint_includes: 1 files, 0 findings\n"))

    def test_an_empty_tree_is_a_mistake(self):
        self.assertEqual(run({})[0], 1)


if __name__ == "__main__":
    unittest.main()
