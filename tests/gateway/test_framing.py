"""Each task as the DiT gets it (spec/model.md §4.2, §4.6, §4.7)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.framing import Framing, frame, kept
from gateway.tasks import frames_in, seconds_of
from quartet.tasks import Complete, Cover, Extend, Extract, Lego, Region, Repaint, SourceTask, Track

SOURCE = np.arange(100 * 4, dtype=np.float32).reshape(100, 4)
HEARD = -SOURCE


@pytest.mark.parametrize(
    ("task", "track", "instruction"),
    [
        (Cover(""), None, "Generate audio semantic tokens based on the given conditions:"),
        (Repaint("", (Region(1, 2),)), None, "Repaint the mask area based on the given conditions:"),
        (Extend("", after=1), None, "Repaint the mask area based on the given conditions:"),
        (Extract("", ("fx",)), Track.FX, "Extract the FX track from the audio:"),
        (Lego("", "vocals"), Track.VOCALS, "Generate the VOCALS track based on the audio context:"),
        (Complete("", ("bass", "backing_vocals")), None, "Complete the input track with BASS | BACKING_VOCALS:"),
        (Complete(""), None, "Complete the input track:"),
    ],
)
def test_instructions_are_those_that_models_were_trained_with(
    task: SourceTask, track: Track | None, instruction: str
) -> None:
    assert frame(task, SOURCE, HEARD, track).instruction == instruction


@pytest.mark.parametrize(
    ("task", "track"),
    [(Cover(""), None), (Extract("", ("bass",)), Track.BASS), (Lego("", "bass"), Track.BASS), (Complete(""), None)],
)
def test_whole_sources_are_heard_and_all_may_be_written(task: SourceTask, track: Track | None) -> None:
    framing = frame(task, SOURCE, HEARD, track)
    assert framing == Framing(framing.instruction, 100, framing.source, silenced=None, mask=None)
    assert framing.source is (HEARD if isinstance(task, Cover) else SOURCE)


def test_a_repaint_hears_silence_where_it_writes() -> None:
    framing = frame(Repaint("", (Region(2.0), Region(0.4, 1.0))), SOURCE, HEARD, None)
    new = [10 <= number < 25 or number >= 50 for number in range(100)]
    assert framing.silenced is not None
    assert framing.mask is not None
    assert framing.silenced.tolist() == framing.mask.tolist() == new
    assert frame(Repaint("", (Region(2.0),), free_mask=True), SOURCE, HEARD, None).mask is None


def test_an_extension_hears_its_source_between_silence() -> None:
    framing = frame(Extend("", before=0.4, after=0.2), SOURCE, HEARD, None)
    assert framing.frames == 115
    assert framing.source is not None
    assert framing.silenced is not None
    assert np.array_equal(framing.source[10:], SOURCE)
    assert framing.silenced.tolist() == [not 10 <= number < 110 for number in range(115)]


def test_a_track_may_be_made_for_parts() -> None:
    framing = frame(Lego("", "bass", (Region(1.0, 2.0),)), SOURCE, HEARD, Track.BASS)
    assert framing.mask is not None
    assert framing.mask.tolist() == [25 <= number < 50 for number in range(100)]
    assert framing.silenced is None


def test_beside_its_parts_a_track_is_silent_without_a_word_to_the_model() -> None:
    framing = frame(Lego("", "bass", (Region(1.0, 2.0),)), SOURCE, HEARD, Track.BASS)
    assert framing.hold is not None
    assert framing.hold.latents is None
    assert framing.hold.injection == 0
    assert framing.hold.free is framing.mask


@given(st.floats(0, 10), st.one_of(st.none(), st.floats(0, 10)), st.integers(1, 250))
def test_a_part_is_of_one_frame_at_least_and_within_the_source(start: float, end: float | None, frames: int) -> None:
    first, last = frames_in(Region(start, end), frames)
    assert 0 <= first < last <= frames


@given(st.floats(0, 5), st.floats(0, 5))
def test_what_stays_and_what_is_new_make_up_the_whole(before: float, after: float) -> None:
    task = Extend("", before=before, after=after)
    stays = kept(task, 100)
    total = round(seconds_of(task, 4.0) * 25)
    assert sum(last - first for first, last in stays.new) + 100 == total
    assert frame(task, SOURCE, HEARD, None).frames == total
