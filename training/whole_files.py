"""Files that appear under their names once they are whole, so that no reader and no later run meets a half of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what is to be at a path when the block has ended well. One process at a time writes a path."""
    partial = path.with_name(path.name + ".partial")
    yield partial
    partial.replace(path)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Writes an array as .npy."""
    with whole(path) as partial, partial.open("wb") as stream:
        np.save(stream, array)
