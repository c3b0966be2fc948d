"""The image runs as nobody in particular and holds only what the servers need."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().splitlines()


def test_the_image_does_not_run_as_root() -> None:
    (user,) = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert user == "10001:10001"
    assert LINES.index(f"USER {user}") < next(i for i, line in enumerate(LINES) if line.startswith("ENTRYPOINT"))


def test_only_what_is_installed_is_copied() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    copied = {
        source for line in LINES if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert copied == packages | {"constraints.txt", "pyproject.toml", "README.md", "LICENSE", "models/nano"}
    assert {line for line in let_through if line.startswith("!")} == {f"!{source}" for source in copied}
    assert let_through[0] == "**"


def test_the_last_stage_gets_the_installed_packages_alone() -> None:
    last = max(number for number, line in enumerate(LINES) if line.startswith("FROM "))
    copies = [line for line in LINES[last:] if line.startswith(("COPY ", "ADD "))]
    assert copies == ["COPY --from=build /opt/quartet /opt/quartet"]


def test_the_image_and_the_pods_run_as_the_same_user() -> None:
    (user,) = [line.split()[1] for line in LINES if line.startswith("USER ")]
    for workload in ("planner", "encoder", "dit", "vae", "gateway"):
        text = (ROOT / f"k8s/base/{workload}.yaml").read_text()
        assert f"runAsUser: {user.partition(':')[0]}\n" in text
        assert f"runAsGroup: {user.partition(':')[2]}\n" in text


def test_versions_are_pinned() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--constraint constraints.txt" in text
    (torch,) = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch==")]
    assert torch.partition("==")[2]
