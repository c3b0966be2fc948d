"""Stages ask for huge pages for their large tensors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUPPORTED = Path("/sys/kernel/mm/transparent_hugepage")
_PROGRAM = """
import sys
import torch
from services.dit.__main__ import DitSettings

if sys.argv[1] == "settings":
    DitSettings().apply_to_process()
tensor = torch.ones(2**26)
mapping = 0
for line in open("/proc/self/smaps"):
    first = line.split()[0]
    if "-" in first and not first.endswith(":"):
        start, end = (int(part, 16) for part in first.split("-"))
        mapping = start <= tensor.data_ptr() < end
    if mapping and first == "VmFlags:":
        print("hg" in line.split())
"""


@pytest.mark.skipif(not SUPPORTED.exists(), reason="the kernel has no huge pages on request")
@pytest.mark.parametrize(("argument", "asked"), [("settings", "True"), ("none", "False")])
def test_a_large_tensor_lies_where_huge_pages_were_asked_for(argument: str, asked: str) -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, argument], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.split() == [asked]
