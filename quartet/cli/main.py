"""Entry point: runs a command and turns every error into one line on stderr and an exit status.

0 is success, 1 an error, 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import sys

from quartet.errors import QuartetError
from quartet.models.errors import PullError

INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what it was asked; the message is the line that people see."""


def main() -> None:
    """Runs the command line of this process and exits."""
    try:
        import click

        from quartet.cli.group import cli
    except ImportError as error:
        sys.exit(f"error: the command line needs {error.name}; install it with: pip install 'quartet[cli]'")

    try:
        status = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except (CommandError, PullError, QuartetError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
    sys.exit(status if isinstance(status, int) else 0)


def one_line(error: Exception) -> str:
    """What went wrong, in one line, with the way out where there is one."""
    if isinstance(error, QuartetError):
        text = error.message
        if error.reason == "UNREACHABLE":
            text = f"{text.split(' (')[0]}; start one with `quartet up`, or name another with --address"
        elif error.stage and error.stage not in text:
            text = f"{error.stage}: {text}"
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())
