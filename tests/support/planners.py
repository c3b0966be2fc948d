"""Planners for tests, made from the tiny one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

PLANNER = "acestep-5Hz-lm-1.7B"


def copy_with_codes(models: Path, target: Path, count: int) -> Path:
    """A family with nothing but the tiny planner, whose tokenizer names so many audio codes; the rest is as it was."""
    shutil.copytree(models / PLANNER, target / PLANNER)
    path = target / PLANNER / "tokenizer.json"
    content = json.loads(path.read_text("utf-8"))
    named = {f"<|audio_code_{code}|>" for code in range(count)}
    content["added_tokens"] = [
        token for token in content["added_tokens"] if "audio_code" not in token["content"] or token["content"] in named
    ]
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return target
