"""Notes to sound: stems in stereo that add up to the mix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from scipy.signal import fftconvolve, lfilter

from training.synth.drums import KITS
from training.synth.facts import Facts
from training.synth.instruments import INSTRUMENTS
from training.synth.score import Hit, Note, Score, Sung
from training.synth.theory import frequency
from training.synth.tones import Sound
from training.synth.voice import Singer

DRUM_GAIN, PART_GAIN, VOICE_GAIN = 0.6, 0.35, 0.33
_PEAK = 0.89
_LOUDNESS = 0.16
_REVERB_SECONDS = (0.5, 2.2)
_HELD_STEPS = 24
# Hertz and decibels of the shelves that give the mix the slope of mastered music, 4 to 5 dB an octave above the bass.
_LOW_SHELF, _HIGH_SHELF = (180.0, 4.0), (700.0, -8.0)


def render(score: Score, rate: int) -> dict[str, Sound]:
    """Stems [samples, 2] by name. Their sum neither clips nor is quieter than music usually is."""
    facts = score.facts
    samples = int(facts.seconds * rate)
    dry: dict[str, Sound] = defaultdict(lambda: np.zeros((samples, 2), np.float32))
    lines = facts.style.lines()
    names = dict(facts.instruments)
    for role, notes in score.parts:
        instrument = INSTRUMENTS[names[role]]
        part = _part(notes, names[role], facts, samples, rate)
        gain = PART_GAIN * lines[role].gain * instrument.gain
        dry[instrument.stem] += gain * _panned(part, instrument.pan)
    if score.hits:
        dry["drums"] += DRUM_GAIN * facts.style.drum_gain * _drums(score.hits, facts, samples, rate)
    if score.sung:
        dry["vocals"] += VOICE_GAIN * _panned(_vocals(score.sung, facts, samples, rate), 0.0)
    room = _room(facts, rate)
    share = facts.style.room * (0.4 + 1.2 * facts.character.space)
    stems = {
        name: _with_room(stem, room, 0.3 * share if name in ("drums", "bass") else share) for name, stem in dry.items()
    }
    return _levelled({name: _mastered(stem, rate) for name, stem in stems.items()})


def mix(stems: Mapping[str, Sound]) -> Sound:
    """The sum of stems [samples, 2]."""
    whole: Sound = np.sum(list(stems.values()), axis=0, dtype=np.float32)
    return whole


def _part(notes: Iterable[Note], name: str, facts: Facts, samples: int, rate: int) -> Sound:
    """Mono. Equal notes are made once."""
    tone = INSTRUMENTS[name].tone
    made: dict[tuple[int, int], Sound] = {}
    out = np.zeros(samples, np.float32)
    beat = 60 / facts.beats_per_minute
    for note in notes:
        held = max(round(note.length * _HELD_STEPS), 1)
        if (note.pitch, held) not in made:
            seconds = held / _HELD_STEPS * beat
            made[note.pitch, held] = tone.play(frequency(note.pitch), seconds, rate, facts.character.brightness)
        _add(out, made[note.pitch, held], note.velocity, note.start * beat * rate)
    return out


def _drums(hits: Iterable[Hit], facts: Facts, samples: int, rate: int) -> Sound:
    kit = KITS[facts.style.kit]
    parts: dict[str, Sound] = defaultdict(lambda: np.zeros(samples, np.float32))
    strokes = {
        name: drum.hit(rate, facts.character.brightness) for name, drum in kit.items() if name in facts.style.drums
    }
    for hit in hits:
        _add(parts[hit.drum], strokes[hit.drum], hit.velocity, hit.start * 60 / facts.beats_per_minute * rate)
    return mix({name: _panned(part, kit[name].pan) for name, part in parts.items()})


def _vocals(sung: Iterable[Sung], facts: Facts, samples: int, rate: int) -> Sound:
    if facts.voice is None:
        raise ValueError("a score with words needs a voice")
    singer = Singer(facts.voice)
    out = np.zeros(samples, np.float32)
    beat = 60 / facts.beats_per_minute
    for syllable in sung:
        note = syllable.note
        sound = singer.sing(
            frequency(note.pitch), note.length * beat, rate, facts.character.brightness, syllable.vowel, syllable.onset
        )
        _add(out, sound, note.velocity, note.start * beat * rate)
    return out


def _add(out: Sound, sound: Sound, velocity: float, at: float) -> None:
    start = round(at)
    if start < len(out):
        fitting = sound[: len(out) - start]
        out[start : start + len(fitting)] += velocity * fitting


def _panned(mono: Sound, pan: float) -> Sound:
    """[samples, 2], at equal power."""
    angle = (pan + 1) * np.pi / 4
    return np.stack((mono * np.cos(angle), mono * np.sin(angle)), axis=1).astype(np.float32) * np.float32(2**0.5)


def _room(facts: Facts, rate: int) -> Sound:
    """The answer of a room [samples, 2]: noise that decays, mellowed, different on both sides."""
    shortest, longest = _REVERB_SECONDS
    seconds = shortest + (longest - shortest) * facts.style.room / 0.4
    samples = int(seconds * rate)
    noise = np.random.default_rng(0).standard_normal((samples, 2))
    decay = np.exp(-6.9 * np.arange(samples) / samples)[:, None]
    noise[1:] += 0.7 * noise[:-1]
    answer: Sound = (noise * decay).astype(np.float32)
    answer[: int(0.012 * rate)] = 0
    answer /= np.sqrt((answer**2).sum(0))
    return answer


def _with_room(dry: Sound, room: Sound, share: float) -> Sound:
    if share <= 0:
        return dry
    middle = dry.mean(axis=1)
    wet = np.stack([fftconvolve(middle, room[:, side])[: len(dry)] for side in range(2)], axis=1)
    both: Sound = (dry + share * wet).astype(np.float32)
    return both


def _mastered(stem: Sound, rate: int) -> Sound:
    """Two shelves of the first order; they are linear, so that stems still add up to the mix."""
    out = stem
    for (hertz, decibels), high in ((_LOW_SHELF, False), (_HIGH_SHELF, True)):
        corner, gain = np.tan(np.pi * hertz / rate), 10 ** (decibels / 20)
        above, below = (gain, 1.0) if high else (1.0, gain)
        out = lfilter([below * corner + above, below * corner - above], [corner + 1, corner - 1], out, axis=0)
    return out.astype(np.float32)


def _levelled(stems: Mapping[str, Sound]) -> dict[str, Sound]:
    whole = mix(stems)
    loudness = np.sqrt(np.mean(whole**2)) + 1e-9
    gain = min(_LOUDNESS / loudness, _PEAK / (np.abs(whole).max() + 1e-9))
    return {name: (gain * stem).astype(np.float32) for name, stem in stems.items()}
