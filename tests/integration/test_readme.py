"""What the README says works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import soundfile

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_lines_of_python_make_a_song(gateway_address: str, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    shorter = program.replace("localhost:50050", gateway_address).replace("duration=30", "duration=2")
    assert shorter.count(gateway_address) == 1
    subprocess.run([sys.executable, "-c", shorter], cwd=tmp_path, check=True, timeout=100)
    assert soundfile.info(tmp_path / "rain.flac").frames == 2 * 48_000


def test_the_caption_is_the_one_of_make_song() -> None:
    caption = (ROOT / "examples/morning-train/caption.txt").read_text().strip()
    assert f"> {caption}\n" in README


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
