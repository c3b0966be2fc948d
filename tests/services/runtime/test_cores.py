"""Threads are as many as a container has time for."""

import os
from pathlib import Path

import pytest

from services.runtime.cores import usable_cores

CORES = len(os.sched_getaffinity(0))
# Microseconds of a period that a group may compute.
HALF, ONE_AND_A_HALF, PERIOD = "50000", "150000", "100000"


def second_version(group: Path, time: str) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "cpu.max").write_text(f"{time} {PERIOD}\n")


def first_version(group: Path, time: str) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "cpu.cfs_quota_us").write_text(f"{time}\n")
    (group / "cpu.cfs_period_us").write_text(f"{PERIOD}\n")


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    path = tmp_path / "membership"
    path.write_text("0::/pods/pod\n")
    return path


@pytest.mark.parametrize(
    ("time", "cores"), [(HALF, 1), (PERIOD, 1), (ONE_AND_A_HALF, min(2, CORES)), ("6400000", CORES), ("max", CORES)]
)
def test_the_root_of_a_container_says_its_limit(tmp_path: Path, membership: Path, time: str, cores: int) -> None:
    second_version(tmp_path / "tree", time)
    assert usable_cores(tmp_path / "tree", membership) == cores


def test_a_group_is_limited_by_those_that_it_is_in(tmp_path: Path, membership: Path) -> None:
    second_version(tmp_path / "tree" / "pods" / "pod", "max")
    second_version(tmp_path / "tree" / "pods", HALF)
    assert usable_cores(tmp_path / "tree", membership) == 1


@pytest.mark.parametrize(("time", "cores"), [(HALF, 1), ("-1", CORES)])
def test_the_first_version_says_it_in_two_files(tmp_path: Path, membership: Path, time: str, cores: int) -> None:
    membership.write_text("7:cpuset:/elsewhere\n4:cpu,cpuacct:/pod\n")
    first_version(tmp_path / "tree" / "cpu" / "pod", time)
    assert usable_cores(tmp_path / "tree", membership) == cores


@pytest.mark.parametrize("text", ["", "none", "50000 0", "50000 a lot"])
def test_a_limit_that_cannot_be_read_is_none(tmp_path: Path, membership: Path, text: str) -> None:
    second_version(tmp_path / "tree", HALF)
    (tmp_path / "tree" / "cpu.max").write_text(text)
    assert usable_cores(tmp_path / "tree", membership) == CORES


def test_without_control_groups_all_cores_are_used(tmp_path: Path) -> None:
    assert usable_cores(tmp_path, tmp_path / "missing") == CORES
