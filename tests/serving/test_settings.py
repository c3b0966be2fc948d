"""Settings come from flags, then from the environment, then from defaults, and refuse what they cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from serving.settings import ServerSettings, SettingsError, load, setting


@dataclass(frozen=True)
class Example(ServerSettings):
    """An example."""

    folder: Path = setting(Path("here"), "a folder")
    colour: str = setting("red", "a colour", choices=("red", "blue"))
    fast: bool = setting(False, "a switch")
    limit: int = setting(3, "bounds", at_least=1, at_most=9)


def example(*argv: str, **environ: str) -> Example:
    return load(Example, "quartet-example", argv, environ)


def test_defaults() -> None:
    assert example() == Example()


def test_flag_wins_over_environment() -> None:
    assert example("--limit", "7", QUARTET_EXAMPLE_LIMIT="5").limit == 7


def test_environment_wins_over_default() -> None:
    settings = example(
        QUARTET_EXAMPLE_FOLDER="/data", QUARTET_EXAMPLE_PORT_FILE="/tmp/port", QUARTET_EXAMPLE_FAST="yes"
    )
    assert settings.folder == Path("/data")
    assert settings.port_file == Path("/tmp/port")
    assert settings.fast is True


@pytest.mark.parametrize(
    ("argv", "environ", "complaint"),
    [
        (("--limit", "0"), {}, "--limit: 0 is below 1"),
        (("--limit", "10"), {}, "--limit: 10 is above 9"),
        (("--limit", "many"), {}, "--limit: 'many' is not a valid int"),
        (("--colour", "green"), {}, "--colour: 'green' is not one of red, blue"),
        ((), {"QUARTET_EXAMPLE_FAST": "perhaps"}, "QUARTET_EXAMPLE_FAST: 'perhaps' is not a valid bool"),
        (("--grace-seconds", "nan"), {}, "--grace-seconds: nan is below 0"),
    ],
)
def test_bad_values_name_the_setting(argv: tuple[str, ...], environ: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        example(*argv, **environ)


def test_help_names_flag_variable_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        example("--help")
    text = capsys.readouterr().out
    assert "--limit" in text
    assert "QUARTET_EXAMPLE_LIMIT" in text
    assert "default: 3" in text


def test_unknown_flag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        example("--limt", "3")
    assert "--limt" in capsys.readouterr().err
