"""What a running song looks like on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from quartet.cli.display import SongProgress
from quartet.events import Job, JobAccepted, JobState, Progress
from quartet.songs import SongSpec

JOB = Job("1" * 24, JobState.RUNNING, SongSpec("rain", items=2), None, None, None, "", None, None, "")


def test_items_have_bars_of_their_own_and_share_those_of_what_is_done_once() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with SongProgress(console) as progress:
        progress.show(JobAccepted(JOB))
        for stage in ("source", "reference", "encode"):
            progress.show(Progress(stage, 0, 1, 1))
        for item in (0, 1):
            progress.show(Progress("sample", item, 1, 8))
            progress.show(Progress("check", item, 1, 1))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for shared in ("source", "reference", "encode"):
        assert shared in shown
        assert f"{shared} 1/2" not in shown
    for own in ("sample 1/2", "sample 2/2", "check 1/2", "check 2/2"):
        assert own in shown
