"""How threads of a stage wait for each other is decided before torch is loaded, and by whoever starts it first."""

import os
import subprocess
import sys

import pytest

PROGRAM = "import services, os, sys; print(os.environ.get('GOMP_SPINCOUNT'), 'torch' in sys.modules)"


@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, "None")],
)
def test_threads_spin_briefly_unless_told_otherwise(given: dict[str, str], spins: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**inherited, **given}, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [spins, "False"]
