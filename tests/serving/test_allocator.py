"""Servers keep the memory of messages in their heap."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import resource
import sys
from serving.allocator import keep_buffers

if sys.argv[1] == "kept":
    assert keep_buffers(32 * 2**20)


def message_with_copies():
    return [bytearray(8 * 2**20) for copy in range(5)]


message_with_copies()
message_with_copies()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
message_with_copies()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(argument: str) -> int:
    """Page faults of a message of 8 MiB that is copied four times, once others were there."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, argument], check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have other ways")
def test_a_buffer_of_a_message_is_not_faulted_in_again() -> None:
    assert faults("kept") < 500 < faults("none")
