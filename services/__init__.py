"""The stage services. Each stage imports serving, services.runtime and services.layers, never another stage.

Threads of torch spin while they wait for each other, by default for milliseconds. Where somebody else computes on one
of the cores, those who spin take the time of those who are waited for, and a step takes fifty times as long. So they
spin a little and then sleep (docs/performance.md). OpenMP reads this when torch is loaded, which is after this module.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
