"""scripts/lint_options finds options in messages, and the program's options."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lint_options"
loader = importlib.machinery.SourceFileLoader("lint_options", str(SCRIPT))
lint_options = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint_options", loader))
loader.exec_module(lint_options)


class LintOptions(unittest.TestCase):
    def test_literals(self):
        code = 'f("use --x "\n  "or --y");  // "--z"\ng(\'"\', R"(a "b")");'
        self.assertEqual([piece for piece in lint_options.literals(code) if piece[1]], [(1, "use --x or --y"), (3, 'a "b"')])

    def test_options(self):
        found = lint_options.OPTION.findall("--no- var(--ink) '--only-table' a--b --x, <code>--margin</code>")
        self.assertEqual(found, ["--only-table", "--x", "--margin"])


if __name__ == "__main__":
    unittest.main()
