"""What is in the folder of a model family."""

from __future__ import annotations

from pathlib import Path

from quartet.models.catalog import DEFAULT_PLANNER, DEFAULT_VARIANT

_VARIANT_FOLDERS = "acestep-v15-*"
PLANNER_FOLDERS = "acestep-5Hz-lm-*"


def default_variant(models: Path) -> str:
    """The DiT variant that is meant where none is named: the only one, or that of the public family."""
    found = _folders(models, _VARIANT_FOLDERS)
    return found[0] if len(found) == 1 else DEFAULT_VARIANT


def planners_of(models: Path) -> tuple[str, ...]:
    """Names of the language models, in order; of the public ones the smallest comes first."""
    return _folders(models, PLANNER_FOLDERS)


def default_planner(models: Path) -> str:
    """The language model that is meant where none is named: that of the public family, or else the first."""
    found = planners_of(models)
    return found[0] if found and DEFAULT_PLANNER not in found else DEFAULT_PLANNER


def _folders(models: Path, pattern: str) -> tuple[str, ...]:
    return tuple(sorted(file.parent.name for file in models.glob(f"{pattern}/config.json")))
