"""What a song asks to be found out about its items: as it is made, in its record, and the same when asked for later."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quartet import Client, SongSpec, TextToMusic, Thinking, load_record, save_record
from quartet.exchange import Song
from tests.support.processes import Start

LYRICS = "[Verse]\nlet it rain\nla la"
SONG = SongSpec(
    "rain on a tin roof", LYRICS, duration=2.4, items=2, seeds=(11, 12), steps=2, score=True, time_lyrics=True
)
# What a planner of random weights writes may be longer than the encoder reads.
LONG_CAPTION = "caption: longer than the model reads, cut"
PLAIN = dataclasses.replace(SONG, items=1, seeds=(11,), thinking=Thinking.none())
FOLLOWING = TextToMusic((1, 2, 3, 4, 5, 6))
NO_CODES = "no score of the codes: the song was made without a plan, so there are no audio codes to score"
NOTHING_SUNG = "no lyrics in time: the song has no lyrics that are sung, so there are none to find"


@pytest.fixture(scope="module")
def client(planned_gateway_address: str) -> Iterator[Client]:
    with Client(planned_gateway_address) as client:
        yield client


@pytest.fixture(scope="module")
def song(client: Client) -> Song:
    return client.generate(SONG)


def test_every_item_has_the_scores_and_the_lines_that_it_has_later(client: Client, song: Song) -> None:
    assert set(song.record.warnings) <= {LONG_CAPTION}
    for item in song.record.items:
        later = client.score(song.record.job_id, item.index)
        assert {"caption", "lyrics", "metadata", "reward", "lm_score", "dit_score"} <= item.scores.keys()
        assert item.scores == pytest.approx(later.by_name, rel=1e-4)
        assert item.lyric_scores == later.alignment
        assert later.alignment is not None
        assert item.scores["dit_score"] == later.alignment.overall
        assert item.lyrics_timing == client.lyrics_timing(song.record.job_id, item.index)
    assert [line.text for line in song.record.items[0].lyric_lines] == ["let it rain", "la la"]
    assert song.record.items[0].scores != song.record.items[1].scores
    checks = [timing for timing in song.record.timings if timing.stage == "check"]
    assert [timing.item for timing in checks] == [0, 1]


def test_what_can_be_found_out_leaves_no_warning(client: Client) -> None:
    kept = dataclasses.replace(SONG, items=1, seeds=(11,), thinking=Thinking(rewrite_caption=False))
    assert client.generate(kept).record.warnings == ()


def test_scores_are_those_of_the_official_formulas(song: Song) -> None:
    for item in song.record.items:
        scores, alignment = item.scores, item.lyric_scores
        weighed = 0.5 * scores["caption"] + 0.3 * scores["lyrics"] + 0.2 * scores["metadata"]
        assert scores["reward"] == pytest.approx(weighed)
        assert alignment is not None
        expected = alignment.coverage**2 * alignment.monotonicity**2 * alignment.confidence
        assert scores["dit_score"] == pytest.approx(expected)


def test_they_are_kept_and_change_nothing_of_the_audio(client: Client, song: Song, tmp_path: Path) -> None:
    assert client.job(song.record.job_id).record == song.record
    read = load_record(save_record(song.record, tmp_path / "song.json"))
    assert read == song.record
    again = client.generate(read.spec_of(1))
    assert again.files == song.files[1:]
    assert again.record.items[0].lyric_lines == song.record.items[1].lyric_lines
    unchecked = client.generate(dataclasses.replace(read.spec_of(1), score=False, time_lyrics=False))
    assert unchecked.files == song.files[1:]
    (item,) = unchecked.record.items
    assert (item.scores, item.lyric_lines, item.lyric_scores) == ({}, (), None)


def test_one_can_be_asked_for_without_the_other(client: Client) -> None:
    scored = client.generate(dataclasses.replace(PLAIN, time_lyrics=False)).record.items[0]
    assert scored.lyrics_timing is None
    assert scored.lyric_scores is not None
    timed = client.generate(dataclasses.replace(PLAIN, score=False)).record.items[0]
    assert timed.scores == {}
    assert timed.lyrics_timing is not None


def test_what_cannot_be_found_out_is_a_warning(client: Client, gateway_address: str) -> None:
    for lyrics, found, warnings in (
        (LYRICS, {"dit_score"}, (NO_CODES,)),
        ("[Instrumental]", set(), (NO_CODES, NOTHING_SUNG)),
    ):
        record = client.generate(dataclasses.replace(PLAIN, lyrics=lyrics)).record
        assert record.items[0].scores.keys() == found
        assert record.warnings == warnings
    with Client(gateway_address) as unplanned:
        record = unplanned.generate(dataclasses.replace(PLAIN, task=FOLLOWING, duration=None)).record
        (warning,) = record.warnings
        assert warning.startswith("no score of the codes: no planner is deployed")
        assert record.items[0].scores.keys() == {"dit_score", "lm_score"}
        scores = unplanned.score(record.job_id)
        assert scores.by_name == record.items[0].scores
        assert scores.warnings == (warning.removeprefix("no score of the codes: "),)


def test_a_song_outlives_a_stage_that_does_not_answer(start_gateway: Start) -> None:
    with start_gateway("--planner", "127.0.0.1:1") as gateway, Client(gateway.address) as client:
        song = client.generate(dataclasses.replace(PLAIN, task=FOLLOWING, duration=None))
    (warning,) = song.record.warnings
    assert "no score of the codes: the planner stage at 127.0.0.1:1 does not answer" in warning
    assert song.record.items[0].lyrics_timing is not None


def quartet(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quartet.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_commands_show_scores_and_write_lyrics(planned_gateway_address: str, tmp_path: Path) -> None:
    there = ("--address", planned_gateway_address)
    made = quartet(
        *("song", "rain", "--lyrics", LYRICS, "--no-plan", "--duration", "2", "--steps", "1", "--items", "2"),
        *("--seed", "3", "--score", "--lrc", "-o", str(tmp_path / "song.flac"), *there),
    )
    assert made.returncode == 0, made.stderr
    assert "dit_score 0." in made.stdout
    assert f"{tmp_path / 'song-2.lrc'}  2 lines" in made.stdout
    first = (tmp_path / "song-1.lrc").read_text("utf-8")
    assert [line.partition("]")[2] for line in first.splitlines()] == ["let it rain", "la la"]

    again = quartet("again", str(tmp_path / "song.json"), "--item", "0", "--strict", *there)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "song-again.lrc").read_text("utf-8") == first

    job = load_record(tmp_path / "song.json").job_id
    assert quartet("lyrics-timing", f"{job}:0", *there).stdout == first
    rated = quartet("score", job, "--item", "1", *there)
    assert rated.stdout.split()[0::2] == ["dit_score"]
    assert "warning: the song was made without a plan" in rated.stderr
    alone = json.loads(quartet("score", job, "--json", *there).stdout)
    assert alone["alignment"]["overall"] == alone["by_name"]["dit_score"]

    recording = quartet("lyrics-timing", str(tmp_path / "song-1.flac"), "--lyrics", LYRICS, "--caption", "rain", *there)
    assert recording.stdout == first, recording.stderr
    wordless = quartet("lyrics-timing", str(tmp_path / "song-1.flac"), *there)
    assert wordless.returncode == 2
    assert "give its words with --lyrics" in wordless.stderr
    wordy = quartet("lyrics-timing", job, "--lyrics", LYRICS, *there)
    assert wordy.returncode == 2
    assert "a job brings its own lyrics" in wordy.stderr
