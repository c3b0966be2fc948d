"""Every error of the command line is one line on stderr and an exit status, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from quartet.cli.main import CommandError, one_line
from quartet.errors import FieldViolation, InvalidRequestError, QuartetError, UnavailableError


def quartet(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "quartet.cli", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


def test_a_gateway_that_is_down_is_named_with_the_way_out() -> None:
    result = quartet("status", "--address", "127.0.0.1:9")
    assert result.returncode == 1
    assert result.stderr == (
        "error: no gateway answers at 127.0.0.1:9; start one with `quartet up`, or name another with --address\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["song", "piano", "-o", "song.txt"], "no audio format"),
        (["song", "piano", "--format", "mp3", "-o", "song.wav"], "mp3 files end with .mp3"),
        (["song", "piano", "--items", "9"], "9 is not in the range"),
        (["song", "piano", "--seed", "-2"], "-2 is not in the range"),
        (["song", "piano", "--plot", "song.jpg"], "must end with .png"),
        (["song", "piano", "--lyrics", "a", "--lyrics-file", "-"], "exclude one another"),
        (["song", "piano", "--reference", "missing.wav"], "missing.wav is no file, no job and no audio id"),
        (["pull", "other"], "is not 'ace-step-1.5'"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_usage_has_status_2(arguments: list[str], complaint: str) -> None:
    result = quartet(*arguments)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_model_folder_and_a_taken_port_are_told_before_anything_starts(tmp_path: Path) -> None:
    missing = quartet("up", "--models", str(tmp_path / "none"))
    assert missing.returncode == 1
    assert "quartet pull ace-step-1.5" in missing.stderr

    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = quartet("up", "--models", str(tmp_path), "--port", str(port))
    assert result.returncode == 1
    assert result.stderr == f"error: port {port} is in use; choose another with --port, or 0 for a free one\n"


def test_errors_become_one_line() -> None:
    violations = [FieldViolation("song.items", "is 9"), FieldViolation("song.caption", "is\nempty")]
    assert one_line(InvalidRequestError.of(violations)) == "song.items: is 9; song.caption: is empty"
    assert one_line(UnavailableError("no replica", metadata={"stage": "dit"})) == "dit: no replica"
    assert one_line(FileNotFoundError(2, "No such file or directory", "a.wav")) == "a.wav: No such file or directory"
    assert one_line(CommandError("plain")) == "plain"
    assert one_line(QuartetError("")) == ""


def test_help_and_version_work() -> None:
    assert "Text becomes music" in quartet("--help").stdout
    assert "0.1.0" in quartet("--version").stdout
