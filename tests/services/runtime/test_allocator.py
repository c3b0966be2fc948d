"""Stages make their tensors on huge pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GRANTED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_PROGRAM = """
import resource
import sys
import torch
from services.dit.__main__ import DitSettings

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "settings":
    DitSettings().apply_to_process()
torch.ones(2**20)
before = faults()
torch.ones(2**26)
print(faults() - before)
"""


@pytest.mark.skipif(
    not GRANTED.exists() or "[never]" in GRANTED.read_text() or "[always]" in GRANTED.read_text(),
    reason="the kernel grants huge pages to all or to none",
)
def test_a_large_tensor_takes_few_faults() -> None:
    """256 MiB are 65,536 small pages."""

    def faults(argument: str) -> int:
        done = subprocess.run([sys.executable, "-c", _PROGRAM, argument], check=True, stdout=subprocess.PIPE, text=True)
        return int(done.stdout)

    assert faults("settings") < faults("none") / 10
