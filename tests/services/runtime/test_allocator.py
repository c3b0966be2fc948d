"""Freed memory stays mapped, until it is given back."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import resource
import sys
import torch
from services.runtime.allocator import keep_freed_memory, return_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

assert keep_freed_memory()
torch.ones(2**26)
before = faults()
torch.ones(2**26)
print(faults() - before)
kept = resident()
return_freed_memory()
print(kept - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the ways of glibc")
def test_a_second_tensor_finds_its_pages_mapped() -> None:
    """256 MiB are 65,536 pages; given back, the process is smaller by most of them (in KiB)."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, stdout=subprocess.PIPE, text=True)
    faults, returned = map(int, done.stdout.split())
    assert faults < 1000
    assert returned > 200 * 1024
