"""scripts/gpu_day and scripts/gpu_report on steps and files with known outcomes."""
import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]


def script(name):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module  # dataclasses look their module up
    loader.exec_module(module)
    return module


gpu_day, gpu_report = script("gpu_day"), script("gpu_report")


def googletest(*results):
    """What GTEST_OUTPUT=json writes, for tests that passed, failed or were skipped."""
    cases = [{"classname": "Suite", "name": f"test{i}", "result": "SKIPPED" if r == "skipped" else "COMPLETED",
              **({"failures": [{}]} if r == "failed" else {})} for i, r in enumerate(results)]
    return json.dumps({"testsuites": [{"testsuite": cases}]})


class Steps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_step(self, commands, seconds=60, **more):
        step = gpu_day.Step("a step", ["sh", "-c", commands], more.pop("limit", 30), **more)
        log = io.StringIO()
        result = gpu_day.run(step, seconds, self.folder, log)
        return result, log.getvalue()

    def run_tests(self, *results, code=0):
        text = googletest(*results)
        return self.run_step(f"echo '{text}' > $(echo $GTEST_OUTPUT | cut -d: -f2); exit {code}", tests=True)[0]

    def test_success_and_failure(self):
        self.assertEqual(self.run_step("exit 0")[0]["outcome"], "passed")
        result, log = self.run_step("echo first; echo broken; exit 3")
        self.assertEqual((result["outcome"], result["reason"]), ("failed", "exit code 3: broken"))
        self.assertIn("first", log)

    def test_tests_are_counted_and_a_skip_is_no_pass(self):
        result = self.run_tests("passed", "passed", "skipped")
        self.assertEqual((result["outcome"], result["ran"], result["skipped"]), ("passed", 2, 1))
        self.assertEqual(self.run_tests("skipped", "skipped")["reason"], "no test ran")
        result = self.run_tests("passed", "failed", code=1)
        self.assertEqual((result["outcome"], result["failed"]), ("failed", ["Suite.test1"]))
        self.assertEqual(self.run_tests("passed", code=139)["outcome"], "failed")

    def test_a_program_that_dies_without_results_failed(self):
        result, _ = self.run_step("exit 0", tests=True)
        self.assertEqual(result["outcome"], "failed")
        self.assertIn("no results", result["reason"])

    def test_a_limit_ends_a_step_with_all_its_processes(self):
        result, _ = self.run_step("trap '' INT; sleep 600 & wait; sleep 600", limit=1)
        self.assertEqual((result["outcome"], result["reason"]), ("failed", "reached its limit"))
        self.assertLess(result["seconds"], 20)
        self.assertEqual(self.run_step("sleep 600", limit=1, partial=True)[0]["outcome"], "cut short")
        self.assertLess(self.run_step("sleep 600", seconds=2)[0]["seconds"], 10)

    def test_what_cannot_run_is_left_out_with_its_reason(self):
        self.assertEqual(self.run_step("exit 0", needs="no-such-program")[0]["reason"], "no-such-program is not on this machine")
        self.assertEqual(self.run_step("exit 0", seconds=1)[0]["reason"], "no time left")
        step = gpu_day.Step("a step", [self.folder / "missing"], 5)
        self.assertEqual(gpu_day.run(step, 60, self.folder, io.StringIO())["outcome"], "left out")

    def test_benchmarks_are_limited(self):
        for call in ("prove", "measure"):
            for device in ("cuda", "cuda-emulated"):
                options = argparse.Namespace(device=device, out=self.folder, call=call)
                steps = [list(map(str, s.command)) for s in getattr(gpu_day.Plan(options, self.folder), call)()]
                benchmarks = [c for c in steps if "bench" in c and "--out" in c]
                self.assertGreaterEqual(len(benchmarks), 1)
                for command in benchmarks:
                    self.assertLessEqual(float(command[command.index("--seconds") + 1]), 0.05)
                    self.assertTrue(command[command.index("--out") + 1].endswith(".json"))

    def test_the_library_path_is_extended_and_not_given_to_python(self):
        with mock.patch.dict("os.environ", LD_LIBRARY_PATH="/driver"), mock.patch.object(gpu_day, "vendor_folders", lambda: ["/cudnn"]):
            ours = gpu_day.environment(gpu_day.Step("", [], 1), self.folder)
            python = gpu_day.environment(gpu_day.Step("", [], 1, python=True), self.folder)
        self.assertEqual(ours["LD_LIBRARY_PATH"], "/driver:/cudnn")
        self.assertEqual(python["LD_LIBRARY_PATH"], "/driver")
        self.assertEqual(ours["PALIMPSEST_SELF_TEST"], "strict")


def predicted_layer(predictions, task, layer):
    """H200, batch 8, fp32; in ms."""
    at = {name: i for i, name in enumerate(predictions["columns"])}
    return next(row[at["ms"]] for row in predictions["layers"] if row[at["gpu"]] == "H200" and row[at["batch"]] == 8
                and row[at["precision"]] == "fp32" and row[at["pass"]] == task and row[at["layer"]] == layer)


class Report(unittest.TestCase):
    def test_the_three_figures_stand_side_by_side(self):
        predictions = json.loads((ROOT / "bench/predictions.json").read_text())
        forward = next(t["forward"] for t in predictions["totals"]
                       if t["gpu"] == "H200" and t["batch"] == 8 and t["precision"] == "fp32")
        bench = {"device": "cuda", "description": "NVIDIA H200, compute capability 9.0", "convolution": "auto", "batch": 8,
                 "clocks": {"before": {"sm_mhz": 1980.0, "memory_mhz": 3201.0, "celsius": 33.0, "watts": 80.5, "reasons": ["idle"]},
                            "after": {"sm_mhz": 1500.0, "memory_mhz": 3201.0, "celsius": 71.0, "watts": None,
                                      "reasons": ["power cap"]}, "problem": None},
                 "peaks": {"gpu": "H200", "source": "a data sheet"},
                 "steps": [{"name": "forward", "seconds": 0.004, "noise": 0.012}, {"name": "forward, recorded", "seconds": 0.0032}],
                 "layers": [{"name": "conv1_2", "pass": "forward", "seconds": 0.001, "cold_seconds": 0.00125, "noise": 0.003,
                             "roofline": 0.625},
                            {"name": "conv1_2", "pass": "redistribution", "seconds": 0.002, "cold_seconds": None}],
                 "operations": [{"name": "max_pool", "layer": "pool1", "seconds": 0.0001, "cold_seconds": 0.0002,
                                 "noise": 0.01, "gigabytes_per_second": 2400.0, "roofline": 0.5}]}
        peers = {"gpu": "NVIDIA H200", "steps": [
            {"name": "forward", "batch": 8, "precision": "fp32", "seconds": 0.01},
            {"name": "forward", "batch": 8, "precision": "fp32", "seconds": 0.008}], "layers": []}
        redistribution = predicted_layer(predictions, "redistribute", "conv1_2")
        call = {"call": "prove", "kit": {"commit": "abc"}, "steps": [
            {"name": "kernels", "outcome": "failed", "reason": "3 tests failed <here>"}]}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file, content in (("prove", call), ("prove_bench", {"prove_bench": bench}), ("prove_peers", peers)):
                (folder / f"{file}.json").write_text(json.dumps(content))
            page = io.StringIO()
            with mock.patch("sys.argv", ["gpu_report", name]), contextlib.redirect_stdout(page):
                gpu_report.main()
        text = page.getvalue()
        self.assertIn("Predictions: those for H200.", text)
        self.assertIn("3 tests failed &lt;here&gt;", text)
        self.assertIn(f"<td>forward, fp32</td><td>{forward:.3g}</td><td>4</td><td>1.2%</td><td>3.2</td><td></td><td>8</td>"
                      f"<td>2.50</td><td>{4 / forward:.2f}</td>", text)  # the best is the recorded one
        self.assertIn("<td>1</td><td>1.25</td><td>0.3%</td><td>62.5%</td>", text)
        self.assertIn(f"<td>conv1_2, fp32</td><td>{redistribution:.3g}</td><td>2</td><td></td>", text)
        self.assertIn("<td>max_pool, pool1</td><td>0.1</td><td>0.2</td><td>1%</td><td>2400</td><td>50%</td>", text)
        self.assertIn("Roofline: a data sheet.", text)

    def clock_page(self, before, after, problem=None):
        clocks = {"before": before, "after": after, "problem": problem}
        return gpu_report.clocks(mock.Mock(clocks={"measure_bench_fp32": clocks}))

    def test_a_gpu_that_was_held_back_is_said(self):
        state = {"sm_mhz": 1980.0, "memory_mhz": 3201.0, "celsius": 33.0, "watts": None, "reasons": ["idle"]}
        page = self.clock_page(state, state)
        self.assertNotIn("held back while", page)
        self.assertIn("<td>1980</td><td>1980</td><td>3201</td><td>3201</td><td>33</td><td>33</td><td></td><td></td><td>idle; idle</td>", page)
        page = self.clock_page(state, {**state, "reasons": ["idle", "software thermal slowdown"]})
        self.assertIn("The GPU was held back while it was measured (software thermal slowdown)", page)
        page = self.clock_page(None, None, "it did not end within 5 s")
        self.assertIn("<td>it did not end within 5 s</td>", page)
        self.assertNotIn("held back while", page)

    def test_files_of_before_are_read(self):
        bench = {"device": "cuda", "description": "NVIDIA H200", "convolution": "auto", "batch": 8,
                 "steps": [{"name": "forward", "seconds": 0.004}], "layers": [{"name": "conv1_2", "pass": "forward", "seconds": 0.001}]}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "prove.json").write_text(json.dumps({"call": "prove", "steps": []}))
            (folder / "prove_bench.json").write_text(json.dumps({"prove_bench": bench}))
            data = gpu_report.Measured(folder)
        self.assertEqual(gpu_report.clocks(data), "")
        self.assertEqual(gpu_report.operations(data), "")
        self.assertIn("<td>conv1_2, fp32</td>", gpu_report.layers(data))
        self.assertIn("<td>4</td>", gpu_report.steps(data))

    def test_a_folder_without_results_is_refused(self):
        with tempfile.TemporaryDirectory() as name, mock.patch("sys.argv", ["gpu_report", name]):
            with self.assertRaises(SystemExit) as stop:
                gpu_report.main()
        self.assertIn("neither prove.json nor measure.json", str(stop.exception))


if __name__ == "__main__":
    unittest.main()
