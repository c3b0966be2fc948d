"""Keys, chords and voicings."""

import pytest

from serving.planning import key_scale
from training.synth.theory import Key, Mode, frequency


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", Mode)
def test_a_key_is_written_as_the_planner_reads_it(tonic: int, mode: Mode) -> None:
    assert key_scale(str(Key(tonic, mode))) == str(Key(tonic, mode))


def test_degrees_climb_the_scale() -> None:
    key = Key(9, Mode.MINOR)
    assert [key.pitch(degree, 4) for degree in range(8)] == [69, 71, 72, 74, 76, 77, 79, 81]
    assert key.pitch(-1, 4) == 67


def test_chords_are_thirds_of_the_scale() -> None:
    assert Key(0, Mode.MAJOR).chord(1).pitch_classes == (2, 5, 9)
    assert Key(0, Mode.MAJOR).chord(4, 4).pitch_classes == (7, 11, 2, 5)


def test_the_dominant_of_a_minor_key_has_the_leading_tone() -> None:
    assert Key(9, Mode.MINOR).chord(4).pitch_classes == (4, 8, 11)


def test_a_voicing_stays_around_its_centre() -> None:
    for degree in range(7):
        voicing = Key(7, Mode.MAJOR).chord(degree).voicing(60)
        assert all(54 <= pitch <= 66 for pitch in voicing)
        assert list(voicing) == sorted(voicing)


def test_a_is_440() -> None:
    assert frequency(69) == pytest.approx(440)
    assert frequency(57) == pytest.approx(220)
