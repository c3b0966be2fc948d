"""Settings from flags and environment variables into frozen dataclasses: the only place that reads the environment.

A field `max_items` of the settings of the program `quartet-dit` is the flag `--max-items` and, below it in rank, the
variable `QUARTET_DIT_MAX_ITEMS`. Secrets are read from files that settings name, never from settings themselves.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class SettingsError(ValueError):
    """A setting has a value that it cannot have; names the flag and the fix."""


def setting(
    default: Any,
    help: str,  # noqa: A002
    *,
    choices: Sequence[str] = (),
    at_least: float | None = None,
    at_most: float | None = None,
) -> Any:
    """A dataclass field with its help text and bounds."""
    metadata = {"help": help, "choices": tuple(choices), "at_least": at_least, "at_most": at_most}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ServerSettings:
    """What every server can be told."""

    host: str = setting("127.0.0.1", "address to listen on; anything but loopback opens the server to others")
    port: int = setting(0, "port to listen on; 0 takes a free one", at_least=0)
    port_file: Path | None = setting(None, "file that gets the port once the server is ready")
    grace_seconds: float = setting(25.0, "time that running work gets to finish after SIGTERM", at_least=0)
    otlp_endpoint: str = setting(
        "", "OTLP gRPC endpoint for traces and metrics, such as http://localhost:4317; empty sends none"
    )
    log_level: str = setting("info", "least severe log lines to write", choices=("debug", "info", "warning", "error"))


def load(
    cls: type[T],
    program: str,
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> T:
    """Builds settings of a dataclass type. Exits with the usage text on unknown flags; raises SettingsError."""
    environ = os.environ if environ is None else environ
    prefix = program.upper().replace("-", "_")
    parser = argparse.ArgumentParser(prog=program, description=cls.__doc__, allow_abbrev=False)
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    for field in fields:
        flag = "--" + field.name.replace("_", "-")
        text = f"{field.metadata['help']} [{prefix}_{field.name.upper()}; default: {field.default!s}]"
        parser.add_argument(flag, dest=field.name, default=None, metavar="VALUE", help=text.replace("%", "%%"))
    given = vars(parser.parse_args(argv))
    values: dict[str, Any] = {}
    for field in fields:
        raw = given[field.name]
        source = "--" + field.name.replace("_", "-")
        if raw is None:
            source = f"{prefix}_{field.name.upper()}"
            raw = environ.get(source)
        if raw is not None:
            values[field.name] = _parsed(raw, hints[field.name], field.metadata, source)
    return cls(**values)


def _parsed(raw: str, hint: Any, metadata: Mapping[str, Any], source: str) -> Any:
    kind = _plain_type(hint)
    parse: Callable[[str], Any] = _parse_bool if kind is bool else kind
    try:
        value = parse(raw)
    except ValueError:
        raise SettingsError(f"{source}: {raw!r} is not a valid {kind.__name__}") from None
    if metadata["choices"] and value not in metadata["choices"]:
        raise SettingsError(f"{source}: {raw!r} is not one of {', '.join(metadata['choices'])}")
    if metadata["at_least"] is not None and not value >= metadata["at_least"]:
        raise SettingsError(f"{source}: {raw} is below {metadata['at_least']}")
    if metadata["at_most"] is not None and not value <= metadata["at_most"]:
        raise SettingsError(f"{source}: {raw} is above {metadata['at_most']}")
    return value


def _plain_type(hint: Any) -> type[Any]:
    if isinstance(hint, types.UnionType):
        hint = next(kind for kind in typing.get_args(hint) if kind is not types.NoneType)
    return typing.cast(type[Any], hint)


def _parse_bool(raw: str) -> bool:
    if raw.lower() in ("1", "true", "yes", "on"):
        return True
    if raw.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(raw)
