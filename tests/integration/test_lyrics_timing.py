"""When lyrics are sung, through the whole chain: what stages are asked, what comes back, what is refused."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from quartet import AsyncClient, AudioFormat, Client, LyricsTiming, Record, SongSpec, Thinking, tensors
from quartet.errors import ConflictError, NotFoundError
from quartet.events import JobState
from quartet.v1 import dit_pb2, encoder_pb2
from tests.support.processes import Start
from tests.support.recording import recording

LYRICS = "[Verse]\nlet it rain on the roof\n\n[Chorus - loud]\nla la la (oh)\n...\nthe end"
SONG = SongSpec("rain on a tin roof", LYRICS, duration=7.04, items=2, seeds=(11, 12), steps=2)
LINES = ["let it rain on the roof", "la la la (oh)", "the end"]


@pytest.fixture(scope="module")
def client(gateway_address: str) -> Iterator[Client]:
    with Client(gateway_address) as client:
        yield client


@pytest.fixture(scope="module")
def record(client: Client) -> Record:
    return client.generate(SONG).record


@pytest.fixture(scope="module")
def timing(client: Client, record: Record) -> LyricsTiming:
    return client.lyrics_timing(record.job_id)


def test_every_line_once_in_order_and_within_the_song(timing: LyricsTiming) -> None:
    assert [line.text for line in timing.lines] == LINES
    words = [word for line in timing.lines for word in line.words]
    assert [word.text for word in words] == " ".join(LINES).split()
    bounds = [bound for word in words for bound in (word.start, word.end)]
    assert bounds == sorted(bounds)
    assert bounds[0] >= 0
    assert bounds[-1] <= 7.04
    for line in timing.lines:
        assert (line.start, line.end) == (line.words[0].start, line.words[-1].end)
        assert line.confidence == pytest.approx(np.mean([word.confidence for word in line.words]))
    scores = timing.scores
    assert scores.overall == pytest.approx(scores.coverage**2 * scores.monotonicity**2 * scores.confidence)
    assert 0 < scores.coverage <= 1
    assert timing.warnings == ()


def test_items_have_times_of_their_own_and_the_same_ones_every_time(
    client: Client, gateway_address: str, record: Record, timing: LyricsTiming
) -> None:
    async def asked_again() -> LyricsTiming:
        async with AsyncClient(gateway_address) as other:
            return await other.lyrics_timing(record.job_id, 0)

    assert asyncio.run(asked_again()) == timing
    assert client.lyrics_timing(record.job_id, 1) != timing


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_any_file_that_was_made_can_be_listened_to(client: Client, audio_format: AudioFormat) -> None:
    record = client.generate(dataclasses.replace(SONG, items=1, seeds=(11,), format=audio_format)).record
    assert [line.text for line in client.lyrics_timing(record.job_id).lines] == LINES


def test_the_sampler_hears_the_song_under_the_words_and_along_the_codes_that_it_was_made_of(
    planner_address: str, encoder_address: str, dit_address: str, start_gateway: Start
) -> None:
    with recording(encoder_address) as encoder, recording(dit_address) as dit:
        flags = ("--planner", planner_address, "--encoder", encoder.address, "--dit", dit.address)
        with start_gateway(*flags) as gateway, Client(gateway.address) as client:
            planned = dataclasses.replace(SONG, items=1, seeds=(11,), format="wav32f", keep_level=True)
            record = client.generate(planned).record
            client.lyrics_timing(record.job_id)
            made, again = encoder.requests("Encode", encoder_pb2.EncodeRequest)
            assert again == made
            sampled, *_ = dit.requests("Sample", dit_pb2.SampleRequest)
            (latents,) = dit.responses("Sample", dit_pb2.SampleResponse)
            (heard,) = dit.requests("Align", dit_pb2.AlignRequest)
            words = encoder.responses("Encode", encoder_pb2.EncodeResponse)[-1]
            scores = client.score(record.job_id).by_name
            *_, music, codes_alone = dit.requests("Align", dit_pb2.AlignRequest)
    assert heard.condition == sampled.condition
    assert heard.source_latents == sampled.source_latents
    assert heard.lyric_tokens == words.lyric_tokens == len(words.lyric_token_spans)
    assert (heard.seed, heard.model) == (42, record.song.model)
    assert tuple(heard.latents.shape) == tuple(latents.result.latents.shape) == (176, 8)
    assert np.isfinite(tensors.decode(heard.latents)).all()
    assert music == heard
    assert codes_alone.noise_level == 1
    codes_alone.ClearField("noise_level")
    assert codes_alone == heard
    assert scores["lm_score"] != scores["dit_score"]


def test_lyrics_that_are_cut_are_said_to_be(client: Client) -> None:
    long = dataclasses.replace(SONG, lyrics="\n".join(["la la la"] * 900), items=1, seeds=(1,), steps=1)
    record = client.generate(long).record
    timing = client.lyrics_timing(record.job_id)
    assert 100 < len(timing.lines) < 900
    (warning,) = timing.warnings
    assert "words have no times" in warning


def test_what_cannot_be_timed(client: Client, record: Record) -> None:
    with pytest.raises(NotFoundError, match="the job has 2"):
        client.lyrics_timing(record.job_id, 2)
    with pytest.raises(NotFoundError):
        client.lyrics_timing("none")
    for lyrics in ("", "[Instrumental]"):
        silent = client.generate(dataclasses.replace(SONG, lyrics=lyrics, items=1, seeds=(1,), steps=1)).record
        with pytest.raises(ConflictError, match="no lyrics that are sung") as refused:
            client.lyrics_timing(silent.job_id)
        assert refused.value.reason == "NO_LYRICS"
    long = dataclasses.replace(SONG, duration=300.0, steps=200, items=1, seeds=(1,), thinking=Thinking.none())
    job = client.create_job(long)
    with pytest.raises(ConflictError, match="only the items of succeeded jobs have lyrics in time"):
        client.lyrics_timing(job.id)
    assert client.cancel(job.id).state is JobState.CANCELLED


def quartet(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quartet.cli", "lyrics-timing", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_command_prints_and_writes(
    gateway_address: str, record: Record, timing: LyricsTiming, tmp_path: Path
) -> None:
    asked = (record.job_id, "--address", gateway_address)
    assert quartet(*asked).stdout == timing.to_lrc()
    assert json.loads(quartet(*asked, "--format", "json").stdout) == json.loads(timing.to_json())
    written = quartet(*asked, "-o", str(tmp_path / "song.vtt"))
    assert (tmp_path / "song.vtt").read_text("utf-8") == timing.to_vtt()
    assert f"3 lines, score {timing.scores.overall:.3f}" in written.stderr
    other = quartet(*asked, "--item", "1", "--format", "lrc", "-o", str(tmp_path / "second.txt"))
    assert other.returncode == 0
    assert len((tmp_path / "second.txt").read_text("utf-8").splitlines()) == 3


def test_the_command_says_what_is_wrong(gateway_address: str, record: Record, tmp_path: Path) -> None:
    asked = (record.job_id, "--address", gateway_address)
    unknown = quartet(*asked, "-o", str(tmp_path / "song.srt"))
    assert unknown.returncode == 2
    assert "must end with .lrc, .vtt or .json" in unknown.stderr
    missing = quartet(*asked, "--item", "5")
    assert missing.returncode == 1
    assert missing.stderr == "error: item '5' does not exist; the job has 2\n"
