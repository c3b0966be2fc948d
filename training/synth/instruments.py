"""The instruments by name: what they sound like, where they play, and which stem they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.synth.tones import Envelope, FrequencyModulation, Pluck, Tone, Wave, formants, partials, power_law


@dataclass(frozen=True)
class Instrument:
    """A tone, its place in a mix from -1 (left) to 1, the MIDI pitch that it plays around, and its stem.

    Stems are the track names of spec/model.md §4.
    """

    tone: Tone
    stem: str
    centre: int
    gain: float = 1.0
    pan: float = 0.0


_SAW, _SQUARE, _TRIANGLE = power_law(1), power_law(1, odd=True), power_law(2, odd=True)
_BOWED = formants(power_law(0.9), (450, 200, 1.0), (1100, 400, 0.8), (2600, 900, 0.6))
_BRASS = formants(power_law(0.8), (600, 400, 1.0), (1300, 600, 0.8))
_REED = formants(power_law(0.9, odd=True), (1000, 500, 0.6), (300, 300, 1.0))
_SAX = formants(power_law(0.8), (700, 300, 1.0), (1700, 500, 0.7))
_CHOIR = formants(power_law(1.1), (650, 150, 1.0), (1080, 200, 0.6), (2650, 400, 0.3))

_PLUCKED = Envelope(0.003, 0.25, 0.0, 0.08)
_HELD = Envelope(0.01, 0.4, 0.8, 0.08)
_BLOWN = Envelope(0.05, 0.3, 0.85, 0.1)
_SLOW = Envelope(0.35, 1.0, 0.9, 0.6)
_STRUCK = Envelope(0.002, 0.9, 0.0, 0.25)

INSTRUMENTS: Mapping[str, Instrument] = {
    # Low ones.
    "synth bass": Instrument(Wave(_SAW, Envelope(0.004, 0.3, 0.5, 0.04), (1400, 350), 0.12), "bass", 38),
    "sub bass": Instrument(Wave(partials(1, 0.15), Envelope(0.05, 1.0, 0.8, 0.2), (400, 200)), "bass", 36),
    "reese bass": Instrument(Wave(_SAW, _HELD, (900, 600), 0.5, unison=3, detune=18), "bass", 36),
    "triangle bass": Instrument(Wave(_TRIANGLE, _HELD, (4000, 4000)), "bass", 40),
    "upright bass": Instrument(Pluck(0.45, 1.8, 0.3), "bass", 38),
    "electric bass": Instrument(Pluck(0.3, 3.5, 0.15), "bass", 38),
    "tuba": Instrument(Wave(_BRASS, _BLOWN, (700, 500)), "brass", 40),
    "cello": Instrument(
        Wave(_BOWED, Envelope(0.09, 0.4, 0.85, 0.15), (1800, 1400), vibrato=0.12), "strings", 45, 1.0, 0.15
    ),
    # Chords.
    "piano": Instrument(
        Wave(power_law(1.3), Envelope(0.002, 1.1, 0.05, 0.2), (3800, 900), 0.25), "keyboard", 62, 1.0, -0.1
    ),
    "electric piano": Instrument(
        FrequencyModulation(1, 1.6, Envelope(0.003, 1.2, 0.1, 0.2), 0.6, 0.12), "keyboard", 60, 1.0, -0.15
    ),
    "organ": Instrument(
        Wave(partials(1, 0.7, 0.5, 0.35, 0, 0.25, 0, 0.2), Envelope(0.01, 1, 1, 0.05), (6000, 6000), vibrato=0.05),
        "keyboard",
        60,
        0.8,
        0.2,
    ),
    "clavinet": Instrument(Pluck(0.08, 0.8, 0.08), "keyboard", 58, 0.9, 0.2),
    "accordion": Instrument(
        Wave(_SQUARE, Envelope(0.04, 1, 0.95, 0.08), (3500, 3000), unison=2, detune=9), "keyboard", 62, 0.8, 0.2
    ),
    "synth stab": Instrument(
        Wave(_SAW, Envelope(0.003, 0.18, 0.15, 0.08), (5000, 700), 0.12, unison=3, detune=14), "synth", 60, 0.9, 0.15
    ),
    "synth pad": Instrument(Wave(_SAW, _SLOW, (1500, 1100), 1.0, unison=4, detune=16), "synth", 60, 0.8),
    "string section": Instrument(
        Wave(_BOWED, Envelope(0.2, 1, 0.9, 0.4), (2800, 2200), unison=4, detune=12, vibrato=0.06),
        "strings",
        62,
        0.8,
        0.1,
    ),
    "choir": Instrument(Wave(_CHOIR, _SLOW, (3000, 2500), unison=4, detune=18, vibrato=0.1), "backing_vocals", 62, 0.8),
    "brass section": Instrument(
        Wave(_BRASS, Envelope(0.03, 0.3, 0.7, 0.08), (3500, 1800), 0.15, unison=3, detune=9), "brass", 60, 0.8, 0.2
    ),
    "nylon guitar": Instrument(Pluck(0.35, 2.0, 0.3), "guitar", 57, 1.0, 0.2),
    "acoustic guitar": Instrument(Pluck(0.18, 3.0, 0.15), "guitar", 57, 1.0, -0.2),
    "clean guitar": Instrument(Pluck(0.15, 3.0, 0.25), "guitar", 57, 0.9, 0.25),
    "distorted guitar": Instrument(Pluck(0.12, 6.0, 0.12, drive=1.0), "guitar", 50, 0.9, -0.25),
    "harp": Instrument(Pluck(0.25, 3.5, 0.4, release=0.5), "strings", 67, 1.0, -0.25),
    "pulse arpeggio": Instrument(Wave(_SQUARE, Envelope(0.002, 0.5, 0.6, 0.02), (9000, 9000)), "synth", 67, 0.7, 0.2),
    # Melodies.
    "saw lead": Instrument(Wave(_SAW, _HELD, (5000, 2500), 0.2, unison=2, detune=8, vibrato=0.1), "synth", 74, 0.8),
    "square lead": Instrument(Wave(_SQUARE, _HELD, (8000, 8000), vibrato=0.08), "synth", 74, 0.8),
    "bell": Instrument(FrequencyModulation(3, 2.0, Envelope(0.002, 1.2, 0.0, 0.6), 0.5), "keyboard", 77, 0.8, 0.2),
    "vibraphone": Instrument(
        FrequencyModulation(4, 0.9, Envelope(0.002, 1.0, 0.0, 0.3), 0.12), "percussion", 72, 0.9, 0.2
    ),
    "flute": Instrument(
        Wave(partials(1, 0.35, 0.12, 0.05), _BLOWN, (5000, 4000), vibrato=0.18, breath=0.03), "woodwinds", 76, 0.9, 0.1
    ),
    "tin whistle": Instrument(
        Wave(partials(1, 0.2, 0.08), Envelope(0.02, 0.3, 0.9, 0.05), (7000, 6000), vibrato=0.05, breath=0.04),
        "woodwinds",
        79,
        0.8,
        0.1,
    ),
    "clarinet": Instrument(Wave(_REED, _BLOWN, (3500, 2500), vibrato=0.05), "woodwinds", 70, 0.9, 0.1),
    "saxophone": Instrument(
        Wave(_SAX, Envelope(0.04, 0.3, 0.85, 0.08), (4500, 3000), vibrato=0.2, breath=0.02), "woodwinds", 67, 0.9
    ),
    "trumpet": Instrument(
        Wave(_BRASS, Envelope(0.03, 0.2, 0.85, 0.06), (5500, 3000), 0.15, vibrato=0.1), "brass", 70, 0.9
    ),
    "violin": Instrument(
        Wave(_BOWED, Envelope(0.08, 0.4, 0.9, 0.12), (5000, 4000), vibrato=0.2), "strings", 74, 0.9, -0.1
    ),
    "fiddle": Instrument(
        Wave(_BOWED, Envelope(0.02, 0.2, 0.8, 0.06), (6500, 4500), vibrato=0.06), "strings", 74, 0.9, -0.1
    ),
    "distorted lead guitar": Instrument(Pluck(0.1, 6.0, 0.15, drive=0.7), "guitar", 69, 0.8),
}
