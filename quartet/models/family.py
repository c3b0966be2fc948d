"""What is in the folder of a model family."""

from __future__ import annotations

from pathlib import Path

from quartet.models.catalog import DEFAULT_VARIANT

_VARIANT_FOLDERS = "acestep-v15-*"


def default_variant(models: Path) -> str:
    """The DiT variant that is meant where none is named: the only one, or that of the public family."""
    found = [file.parent.name for file in models.glob(f"{_VARIANT_FOLDERS}/config.json")]
    return found[0] if len(found) == 1 else DEFAULT_VARIANT
