"""The image runs as nobody in particular and holds only what the servers need."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().splitlines()


def test_the_image_does_not_run_as_root() -> None:
    (user,) = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert user == "10001:10001"
    assert LINES.index(f"USER {user}") < next(i for i, line in enumerate(LINES) if line.startswith("ENTRYPOINT"))


def test_what_is_copied_exists_and_is_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [
        source for line in LINES if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    ]
    assert {"quartet", "serving", "services", "gateway", "training"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in let_through
