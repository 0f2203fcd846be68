"""scripts/lint_launches finds every fault, and nothing in correct code."""
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lint_launches"
loader = importlib.machinery.SourceFileLoader("lint_launches", str(SCRIPT))
lint_launches = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint_launches", loader))
loader.exec_module(lint_launches)

RIGHT = [
    "CUDA_LAUNCH(scale, grid, block, 0, stream, x, f(y, z));\nCUDA_LAUNCH_CHECK();",
    "CUDA_LAUNCH((scale<float, 4>), g, b, 0, s);  // CUDA_LAUNCH(\n  CUDA_LAUNCH_CHECK();",
    "if (a)\n  CUDA_LAUNCH(p, g, b, 0, s);\nelse if (f(c))\n  CUDA_LAUNCH(q, g, b, 0, s);\n"
    "else\n  CUDA_LAUNCH(r, g, b, 0, s);\nCUDA_LAUNCH_CHECK();",
    "CUDA_CHECK(cudaFree(data));",
    "CUDNN_CHECK(\n    cudnnSetStream(handle, stream));",
    "ignore(cudaFree(data));",
    "const cudaError_t status = cudaMalloc(&data, f(bytes));",
    "if (cudaStreamQuery(stream) == cudaErrorNotReady) wait();",
    "return cudaGetLastError();",
    "fail(cudaGetErrorString(status));",
    "static_cast<void>(cudnnDestroy(handle));",
    "cudaError_t cudaMalloc(void** data, int bytes);",
    'log("cudaFree(data);");  /* cudaFree(data); */',
]
WRONG = [
    ("CUDA_LAUNCH(scale, g, b, 0, s);\nuse();\nCUDA_LAUNCH_CHECK();", 1, "CUDA_LAUNCH_CHECK"),
    ("CUDA_LAUNCH(scale, g, b, 0, s);\n// CUDA_LAUNCH_CHECK();\n", 1, "CUDA_LAUNCH_CHECK"),
    ("if (a) CUDA_LAUNCH(p, g, b, 0, s);\nelse use();\nuse();", 1, "CUDA_LAUNCH_CHECK"),
    ("\nscale<<<g, b>>>(x);\n", 2, "<<<>>>"),
    ("a();\ncudaFree(data);", 2, "cudaFree"),
    ("if (data) cudaFree(data);", 1, "cudaFree"),
    ("if (data) { cudnnDestroy(handle); }", 1, "cudnnDestroy"),
    ("else cublasLtDestroy(handle);", 1, "cublasLtDestroy"),
    ("(void)0; use(cudaMalloc(&data, bytes));", 1, "cudaMalloc"),
]


def run(code):
    """Number of findings, and what was printed."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed:
        file = pathlib.Path(folder) / "kernel.cu"
        file.write_text(code)
        return lint_launches.check(file)[0], printed.getvalue()


class LintLaunches(unittest.TestCase):
    def test_lets_pass_what_is_right(self):
        for code in RIGHT:
            with self.subTest(code):
                self.assertEqual(run(code), (0, ""))

    def test_finds_what_is_wrong(self):
        for code, line, words in WRONG:
            with self.subTest(code):
                count, printed = run(code)
                self.assertEqual(count, 1, printed)
                self.assertRegex(printed, rf":{line}: .*{words}")


if __name__ == "__main__":
    unittest.main()
