"""The whole checklist."""

from __future__ import annotations

from tests.checklist import (
    answers,
    calls,
    change_settings,
    finished_calls,
    left_out,
    output,
    sampling,
    task_settings,
    tasks,
    thinking,
    words,
)
from tests.checklist.rows import Answer, CallSetting, LeftOut, Row, Setting

SETTINGS: dict[str, tuple[Setting, ...]] = {
    "The song": words.ROWS,
    "The sampler": sampling.ROWS,
    "The files": output.ROWS,
    "What is found out about it": finished_calls.SETTINGS,
    "The planner": thinking.ROWS,
    "Tasks": tasks.ROWS,
    "Settings of tasks": (*task_settings.ROWS, *change_settings.ROWS),
}
CALLS: tuple[CallSetting, ...] = (*calls.ROWS, *finished_calls.ROWS)
ANSWERS: tuple[Answer, ...] = answers.ROWS
LEFT_OUT: tuple[LeftOut, ...] = left_out.ROWS

ALL_SETTINGS = tuple(row for rows in SETTINGS.values() for row in rows)
ALL_ROWS: tuple[Row, ...] = (*ALL_SETTINGS, *CALLS, *ANSWERS, *LEFT_OUT)
