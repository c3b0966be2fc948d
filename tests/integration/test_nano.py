"""nano through the whole chain: what is asked for in words can be heard, and edits change what they should."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.quality.key import key_named, keys_of, match_key
from bench.quality.levels import levels_of
from bench.quality.recordings import recording_of
from bench.quality.similarity import chroma_similarity, distance_db, si_sdr_improvement_db
from bench.quality.tempo import TempoMatch, match_tempo, tempo_of
from quartet import Client, Song, SongSpec, Thinking
from quartet.cli.audio import Recording
from quartet.tasks import Cover, Extract, Region, Repaint, Track
from tests.support.processes import running
from training.synth.clip import make_clip
from training.synth.theory import Key, Mode

ROOT = Path(__file__).parents[2]
NANO = ROOT / "models" / "nano"
VARIANT = ("--variant", "acestep-v15-base")
RATE = 24_000
# Of edits: fewer than usual, with which the measures below are within a tenth of what they are with the usual ones.
STEPS = 16
D_MAJOR = Key(2, Mode.MAJOR)
README_CAPTION = (ROOT / "examples/morning-train/caption.txt").read_text().strip()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """All stages with nano, and a gateway; in float32, so that all machines come close to the same songs."""
    models = ("--models", str(NANO), "--dtype", "float32")
    with ExitStack() as stack, tempfile.TemporaryDirectory() as data:
        stages = {
            "encoder": running("services.encoder", *models, *VARIANT),
            "dit": running("services.dit", *models, *VARIANT),
            "vae": running("services.vae", *models),
            "planner": running("services.planner", *models, "--planners", "acestep-5Hz-lm-nano"),
        }
        flags = [flag for name, stage in stages.items() for flag in (f"--{name}", stack.enter_context(stage).address)]
        gateway = stack.enter_context(running("gateway", *flags, "--port", "0", "--data", data))
        yield stack.enter_context(Client(gateway.address))


def heard(song: Song) -> Recording:
    samples, rate = soundfile.read(io.BytesIO(song.files[0]), always_2d=True)
    return recording_of(samples.astype(np.float32), rate)


@pytest.fixture(scope="module")
def folk(client: Client) -> Song:
    """The README's song, shorter."""
    return client.generate(
        SongSpec(README_CAPTION, duration=12.0, seeds=(7,), bpm=96, key_scale="D major", thinking=Thinking.none())
    )


@pytest.fixture
def folk_file(folk: Song, tmp_path: Path) -> Path:
    """The same as a source."""
    path = tmp_path / "folk.flac"
    path.write_bytes(folk.files[0])
    return path


def assert_tempo_and_key(recording: Recording) -> None:
    assert match_tempo(tempo_of(recording), 96) is not TempoMatch.OTHER
    assert match_key(keys_of(recording), D_MAJOR).rank <= 2


def test_the_song_of_the_readme_has_its_tempo_and_its_key(folk: Song) -> None:
    assert_tempo_and_key(heard(folk))


def test_eight_steps_keep_them_too(client: Client) -> None:
    song = client.generate(
        SongSpec(
            README_CAPTION, duration=12.0, steps=8, seeds=(7,), bpm=96, key_scale="D major", thinking=Thinking.none()
        )
    )
    assert_tempo_and_key(heard(song))


def test_it_is_neither_silent_nor_clipped(folk: Song) -> None:
    levels = levels_of(heard(folk))
    assert not levels.is_silent
    assert not levels.is_clipped


def test_a_repaint_changes_its_region_alone(client: Client, folk: Song, folk_file: Path) -> None:
    repaint = Repaint(folk_file, (Region(4.0, 8.0),))
    spec = SongSpec(README_CAPTION, steps=STEPS, seeds=(9,), bpm=96, key_scale="D major", task=repaint)
    before, after = heard(folk).samples, heard(client.generate(spec)).samples
    rate = heard(folk).sample_rate
    kept = np.r_[0 : 3 * rate, 9 * rate : 12 * rate]
    assert distance_db(after[kept], before[kept]) < -40
    assert distance_db(after[5 * rate : 7 * rate], before[5 * rate : 7 * rate]) > -6


def test_a_cover_keeps_the_key_under_other_words(client: Client, folk: Song, folk_file: Path) -> None:
    """In a style whose bars are as long; in a waltz chords would change elsewhere."""
    caption = "bossa nova, nylon guitar and flute"
    spec = SongSpec(caption, steps=STEPS, seeds=(3,), bpm=96, key_scale="D major", task=Cover(folk_file))
    cover = heard(client.generate(spec))
    assert match_key(keys_of(cover), D_MAJOR).rank <= 2
    assert chroma_similarity(cover, heard(folk)) > 0.8


def test_drums_are_taken_out_of_a_song(client: Client, tmp_path: Path) -> None:
    clip = make_clip(1_000_000_003, seconds=12.0, rate=RATE)
    source = tmp_path / "clip.wav"
    soundfile.write(source, clip.audio, RATE, subtype="FLOAT")
    spec = SongSpec(clip.description.caption, steps=STEPS, seeds=(3,), task=Extract(source, (Track.DRUMS,)))
    found = heard(client.generate(spec))
    drums, mix = recording_of(clip.stems["drums"], RATE), recording_of(clip.audio, RATE)
    assert si_sdr_improvement_db(found, drums, mix) > 3


def test_a_plan_suits_its_caption(client: Client) -> None:
    plan = client.generate(SongSpec("a fast techno track for the club", duration=4.0, seeds=(3,))).record.plan.blueprint
    assert plan.bpm is not None
    assert 110 <= plan.bpm <= 150
    assert plan.time_signature == "4"
    assert key_named(plan.key_scale) is not None
