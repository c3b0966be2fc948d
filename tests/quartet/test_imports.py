"""The SDK needs grpc (with its typing_extensions), protobuf, numpy and googleapis-common-protos, and nothing else."""

from __future__ import annotations

import subprocess
import sys

BLOCKER = """
import sys

ALLOWED = {"grpc", "typing_extensions", "google", "numpy", "quartet"} | set(sys.stdlib_module_names)

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"blocked: {name}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", BLOCKER + code], capture_output=True, text=True, check=False)


def test_the_sdk_imports_without_extras() -> None:
    result = run("import quartet; quartet.Client().close(); import quartet.tensors, quartet.validation")
    assert result.returncode == 0, result.stderr


def test_the_blocker_blocks() -> None:
    assert "blocked: click" in run("import click").stderr


def test_the_command_line_without_its_extras_says_what_to_install() -> None:
    result = run("from quartet.cli.main import main; main()")
    assert result.returncode == 1
    assert result.stderr.strip() == "error: the command line needs click; install it with: pip install 'quartet[cli]'"
