"""`python -m training.nano`: makes nano from nothing, part by part; run it again to go on where it was.

Once there are latents and audio codes, the transformer is trained in one process, the codec and then the planner in
another one beside it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from services.runtime.checkpoints import CheckpointError
from services.runtime.cores import usable_cores
from services.vae.checkpoint import CONFIG
from services.vae.checkpoint import FOLDER as VAE
from serving.settings import SettingsError, load, setting
from training.model_configs import NANO_PLANNER_NAME
from training.nano.card import CARD, write_card
from training.nano.parts import Parts
from training.nano.recipe import RECIPES, Recipe

_RECIPE = "recipe.json"
_FRESH = ("bank", "components", "vocabulary", "words", "latents", "codes")
_FURTHER = ("family", "bank", "latents", "plans")
_MAIN = ("dit",)
_BESIDE = ("codec", "planner")


@dataclass(frozen=True)
class NanoSettings:
    """Makes nano. Everything is kept below one folder; the model family is its `models`."""

    recipe: str = setting("cpu", "amounts and steps, for the machine at hand", choices=tuple(RECIPES))
    begin: Path | None = setting(
        None, "folder of a model family to train further, such as models/nano; unless given all is made from nothing"
    )
    output: Path = setting(Path("out/nano"), "folder that holds everything")
    processes: int = setting(usable_cores(), "processes that render clips", at_least=1)
    threads: int = setting(0, "CPU threads of each training; 0 parts the cores between two of them", at_least=0)
    parts: str = setting(
        "all", "what to make; those beside the transformer are made with all", choices=("all", "beside")
    )


def main(settings: NanoSettings) -> None:
    """Renders and trains everything, and describes it in a model card."""
    recipe = RECIPES[settings.recipe]
    _check_begin(settings, recipe)
    _check_recipe(settings, recipe)
    threads = settings.threads or max((usable_cores()) // 2, 1)
    parts = Parts(recipe, settings.output, settings.processes, threads, settings.begin)
    first = _FURTHER if settings.begin else _FRESH
    if settings.parts == "beside":
        parts.make(_BESIDE)
        return
    if not parts.make(first):
        return
    with nullcontext() if parts.finished(_BESIDE) else _beside(settings) as beside:
        made = parts.make(_MAIN)
        if beside is not None and made:
            beside.wait()
        failed = beside is not None and _has_failed(beside.poll())
    if failed:
        raise ValueError(f"a part beside the transformer failed, see above; run it again to go on in {parts.output}")
    names = (*first, *_MAIN, *_BESIDE)
    if parts.finished(names):
        hours = {name: parts.made(name).hours for name in names}
        write_card(settings.output / "models" / CARD, settings.recipe, recipe, hours, settings.begin)


@contextmanager
def _beside(settings: NanoSettings) -> Iterator[subprocess.Popen[bytes]]:
    """A process that makes the parts beside the transformer; it saves what it has and ends with this one, and where it
    fails, this one is asked to end too."""
    flags = [f"--{name}={getattr(settings, name)}" for name in ("recipe", "output", "processes", "threads")]
    flags += [f"--begin={settings.begin}"] if settings.begin else []
    command = [sys.executable, "-m", "training.nano", "--parts=beside", *flags]

    def end_with(process: subprocess.Popen[bytes]) -> None:
        # Nobody listens while the transformer is finished and only this process is waited for.
        if _has_failed(process.wait()) and callable(signal.getsignal(signal.SIGTERM)):
            signal.raise_signal(signal.SIGTERM)

    with subprocess.Popen(command) as process:  # noqa: S603 (our own program)
        watch = threading.Thread(target=end_with, args=(process,))
        watch.start()
        try:
            yield process
        finally:
            process.terminate()
            watch.join()


def _has_failed(status: int | None) -> bool:
    """Whether a process ended by itself and not well."""
    return status not in (None, 0, -signal.SIGTERM, -signal.SIGINT)


def _check_begin(settings: NanoSettings, recipe: Recipe) -> None:
    """Raises ValueError where there is no family to go on with."""
    if settings.begin is None:
        if recipe.later_seeds:
            raise ValueError(f"--recipe: {settings.recipe} goes on with a family; give --begin")
        return
    for part in (VAE, NANO_PLANNER_NAME):
        if not (settings.begin / part / CONFIG).is_file():
            raise ValueError(f"--begin: {settings.begin} holds no model family: {part}/{CONFIG} is missing")


def _check_recipe(settings: NanoSettings, recipe: Recipe) -> None:
    """Notes what a folder is made by. Raises ValueError where it was begun by another recipe or from another family."""
    path = settings.output / _RECIPE
    begin = {"begin": str(settings.begin.resolve())} if settings.begin else {}
    wanted = json.dumps({"name": settings.recipe, **begin, **asdict(recipe)})
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted + "\n", "utf-8")
    elif path.read_text("utf-8").strip() != wanted:
        raise ValueError(
            f"{path}: the folder was begun with another recipe or family; choose another --output or remove it"
        )


if __name__ == "__main__":
    try:
        main(load(NanoSettings, "quartet-make-nano"))
    except (CheckpointError, SettingsError, ValueError) as error:
        sys.exit(f"error: {error}")
