"""`quartet pull` and `quartet models`: checkpoints come to this machine, or are made here."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from quartet.cli.main import CommandError
from quartet.cli.options import plain_console
from quartet.models import catalog
from quartet.models.hubs import HUGGING_FACE, MODEL_SCOPE, Hub, HuggingFace, ModelScope
from quartet.models.pull import PlannedFile
from quartet.models.pull import pull as pull_components


@click.command()
@click.argument("family", type=click.Choice([catalog.FAMILY]))
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=click.Choice(list(catalog.VARIANTS)),
    default=(catalog.DEFAULT_VARIANT,),
    show_default=True,
    help="DiT variant; may be given several times.",
)
@click.option(
    "--planner",
    "planners",
    multiple=True,
    type=click.Choice(list(catalog.PLANNERS)),
    help="Language model to fetch as well; may be given several times.",
)
@click.option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("models", catalog.FAMILY),
    show_default=True,
    help="Folder that the family goes to.",
)
@click.option(
    "--source",
    type=click.Choice(["auto", "huggingface", "modelscope"]),
    default="auto",
    show_default=True,
    help="Hub; auto takes ModelScope where Hugging Face does not answer.",
)
@click.option("--endpoint", help="Address of a mirror of the hub.")
def pull(
    family: str,
    variants: tuple[str, ...],
    planners: tuple[str, ...],
    models: Path,
    source: str,
    endpoint: str | None,
) -> None:
    """Download the public checkpoints of FAMILY. Running it again goes on where it stopped."""
    console = plain_console(stderr=True)
    wanted = catalog.components(variants, planners)
    with _FileBars(console) as bars:
        plans = pull_components(models, wanted, hubs(source, endpoint), notice=console.print, on_progress=bars.show)
    for plan in plans:
        size = sum(file.remote.bytes for file in plan.files)
        click.echo(
            f"{models / plan.component.name}: {len(plan.files)} files, {size / 1e9:.2f} GB, "
            f"{plan.component.repository}@{plan.commit[:12]}"
        )
    click.echo(f"serve them with: quartet up --models {models} --variant {variants[0]}")


def hubs(source: str, endpoint: str | None) -> list[Hub]:
    """The hubs to try, in order. A mirror is a mirror of one hub: with auto, of Hugging Face."""
    face, scope = HuggingFace(endpoint or HUGGING_FACE), ModelScope(endpoint or MODEL_SCOPE)
    if source == "modelscope":
        return [scope]
    return [face] if source == "huggingface" or endpoint else [face, scope]


@click.group()
def models() -> None:
    """Make model families."""


@models.command("make-tiny")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the weights.")
def make_tiny(folder: Path, seed: int) -> None:
    """Write a family of small random checkpoints to FOLDER: for tests, and to see the servers run."""
    try:
        from training.random_checkpoint import write_tiny_family
    except ImportError as error:
        raise CommandError(
            f"making checkpoints needs {error.name}; install it with: pip install 'quartet[stages]'"
        ) from None
    write_tiny_family(folder, seed=seed)
    click.echo(f"{folder} is ready: quartet up --models {folder}")


class _FileBars(Progress):
    """One bar per file."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        super().__init__(*columns, console=console)
        self._bars: dict[Path, TaskID] = {}

    def show(self, file: PlannedFile, have: int) -> None:
        """Takes the bytes of a file that are here now."""
        name = f"{file.target.parent.name}/{file.target.name}"
        if file.target not in self._bars:
            self._bars[file.target] = self.add_task(name, total=file.remote.bytes)
        self.update(self._bars[file.target], completed=have)
