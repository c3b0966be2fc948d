"""`quartet up`: the whole chain on this machine, on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import click

from quartet.cli.budget import BudgetTooSmallError, Size, StageShare, share_line, share_out, sizes_of
from quartet.cli.main import CommandError
from quartet.cli.options import plain_console
from quartet.cli.supervisor import Patience, Service, Stack
from quartet.models.family import PLANNER_FOLDERS, default_planner, default_variant, planners_of

STAGES = ("planner", "encoder", "dit", "vae")
DEFAULT_MODELS = Path("models/nano")
DEFAULT_DATA = Path("~/.local/share/quartet")
GRACE_SECONDS = 10.0
DEFAULT_TEXT_ENCODER = "Qwen3-Embedding-0.6B"
DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"))


@click.command()
@click.option(
    "--models",
    type=click.Path(path_type=Path),
    default=DEFAULT_MODELS,
    show_default=True,
    help="Folder of a model family in the original layout.",
)
@click.option("--variant", help="DiT variant within the family.  [default: its only one, or acestep-v15-turbo]")
@click.option(
    "--planner/--no-planner",
    default=None,
    help="Start the language model that plans songs.  [default: where the family has one]",
)
@click.option("--lm", help="Language models that plan, by comma.  [default: that of 1.7B, or the smallest]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=50050,
    show_default=True,
    help="Port of the gateway; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DEFAULT_DATA,
    show_default=True,
    help="Folder for jobs, audio and logs.",
)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="Type that the networks compute in.",
)
@click.option(
    "--threads",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="CPU threads of each network; 0 takes as many as there are cores, within a container's limit.",
)
@click.option(
    "--deterministic",
    is_flag=True,
    help="Compute one item at a time, so that not even low bits of a song depend on others.",
)
@click.option(
    "--vram",
    type=Size(),
    help="Memory of a small GPU that all stages share, such as 4GiB.  [default: all of it]",
)
@click.option(
    "--port-file", type=click.Path(path_type=Path), help="File that gets the gateway's port once everything is ready."
)
def up(
    models: Path,
    variant: str | None,
    planner: bool | None,
    lm: str | None,
    port: int,
    data: Path,
    dtype: str,
    threads: int,
    deterministic: bool,
    vram: float | None,
    port_file: Path | None,
) -> None:
    """Start the stage servers and the gateway on this machine.

    Servers that die are started again. One Ctrl-C stops everything.
    """
    _check_installed()
    data, models = data.expanduser().resolve(), models.expanduser().resolve()
    if not models.is_dir():
        raise CommandError(
            f"{models} does not exist; get the checkpoints with `quartet pull ace-step-1.5`, "
            "or make small random ones with `quartet models make-tiny DIR`"
        )
    _check_port(port)
    planners = _planners(models, planner, lm)
    console = plain_console()
    if vram is not None and dtype == "auto":
        dtype = "bfloat16"  # what the shares are counted in
    shares = {} if vram is None else _shares(vram, models, variant, planners, dtype)
    for stage, share in shares.items():
        console.print(share_line(stage, share))
    services = stage_services(
        models,
        variant,
        planners,
        (
            *("--dtype", dtype, "--threads", str(threads)),
            *("--turnstile", str(data / "turnstile")),
            *("--deterministic", str(deterministic)),
        ),
        {stage: share.flags for stage, share in shares.items()},
    )

    def on_ready(gateway_port: int) -> None:
        console.print(f'ready: quartet song "lo-fi piano" --address localhost:{gateway_port}   (Ctrl-C stops)')
        if port_file:
            _announce(port_file, gateway_port)

    console.print(
        f"starting {', '.join(service.name for service in services)} and the gateway; logs go to {data / 'logs'}"
    )
    stack = Stack(
        stages=services,
        gateway=lambda ports: gateway_service(ports, data, port),
        folder=data / "logs",
        patience=Patience(grace=GRACE_SECONDS),
        report=console.print,
        on_ready=on_ready,
    )
    asyncio.run(stack.run())
    console.print("everything has stopped")


def stage_services(
    models: Path,
    variant: str | None,
    planners: Sequence[str],
    shared: tuple[str, ...] = (),
    by_stage: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> list[Service]:
    """The stage servers with their flags, those that all share and those of each; without planners no planner."""
    common = ("--models", str(models), *shared)
    grace = ("--grace-seconds", str(GRACE_SECONDS))
    chosen = ("--variant", variant) if variant else ()
    own = {"planner": ("--planners", ",".join(planners)), "encoder": chosen, "dit": chosen, "vae": ()}
    return [
        Service(stage, f"services.{stage}", (*common, *grace, *own[stage], *by_stage.get(stage, ())))
        for stage in STAGES
        if planners or stage != "planner"
    ]


def _shares(
    vram: float, models: Path, variant: str | None, planners: Sequence[str], dtype: str
) -> dict[str, StageShare]:
    """What each stage gets of a small GPU's memory."""
    if len(planners) > 1:
        raise CommandError("--vram has room for one language model; name one with --lm")
    named = {"--variant": variant or default_variant(models), "--lm": planners[0] if planners else DEFAULT_TEXT_ENCODER}
    for flag, folder in named.items():
        if not (models / folder / "config.json").is_file():
            raise CommandError(f"{flag}: {models / folder} holds no model")
    itemsize = 4 if dtype == "float32" else 2
    sizes = sizes_of(models, named["--variant"], planners[0] if planners else None, itemsize)
    try:
        shares = share_out(vram, sizes, gpu=_has_gpu())
    except BudgetTooSmallError as error:
        raise CommandError(
            f"--vram: the stages of {models} need {error.least} MiB at least; take a smaller family or --no-planner"
        ) from None
    if any("int8" in share.flags for share in shares.values()) and find_spec("torchao") is None:
        raise CommandError("--vram: weights in 8 bits need torchao; install it with: pip install 'quartet[small]'")
    return shares


def _has_gpu() -> bool:
    """Whether stages will find one: there is a driver (under another name on Windows), and torch can use it."""
    return any(driver.exists() for driver in DRIVERS) and not version("torch").endswith("+cpu")


def _planners(models: Path, wanted: bool | None, named: str | None) -> Sequence[str]:
    """The language models to serve: those that were named, else the usual one, else the smallest."""
    if wanted is False:
        return ()
    if named:
        return named.split(",")
    if planners_of(models):
        return (default_planner(models),)
    if wanted:
        raise CommandError(f"{models} has no folder {PLANNER_FOLDERS}; get one with `quartet pull`")
    return ()


def gateway_service(stage_ports: dict[str, int], data: Path, port: int) -> Service:
    """The gateway with its flags."""
    addresses = [flag for stage, at in stage_ports.items() for flag in (f"--{stage}", f"127.0.0.1:{at}")]
    flags = (*addresses, "--data", str(data), "--grace-seconds", str(GRACE_SECONDS))
    return Service("gateway", "gateway", flags, port)


def _check_installed() -> None:
    missing = [module for module in ("torch", "services", "gateway", "sqlalchemy") if find_spec(module) is None]
    if missing:
        raise CommandError(
            f"this machine has only Quartet's client ({', '.join(missing)} not found); "
            "install the servers with: pip install 'quartet[stages,gateway,cli]'"
        )


def _check_port(port: int) -> None:
    """Says so before minutes of loading where the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CommandError(f"port {port} is in use; choose another with --port, or 0 for a free one") from None


def _announce(path: Path, port: int) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(f"{port}\n")
    partial.replace(path)
