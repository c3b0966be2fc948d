"""The styles of music that the generator knows, as data.

Rhythms are strings over the steps of a bar: four steps a beat in simple meters, six a beat in 6/8, whose beat is the
dotted quarter. `X` is loud, `x` plain, `o` soft, `.` a rest. A string is repeated until the bar is full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.synth.theory import Mode

# Degrees from 0, one chord a bar.
Progression = tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """A pitched part: what may play it, how it moves, how loud it is."""

    instruments: tuple[str, ...]
    figure: str
    rhythm: str
    gain: float = 1.0


@dataclass(frozen=True)
class Style:
    """Everything that tells one kind of music from another.

    `drums` maps a drum to its rhythm. `room` is the share of reverberation, `swing` the delay of every second step in
    parts of a step, `vocals` and `minor` are probabilities. Lines may be missing.
    """

    name: str
    meter: str
    bpm: tuple[int, int]
    minor: float
    major_progressions: tuple[Progression, ...]
    minor_progressions: tuple[Progression, ...]
    drums: Mapping[str, str] = field(default_factory=dict)
    bass: Line | None = None
    chords: Line | None = None
    pad: Line | None = None
    lead: Line | None = None
    vocals: float = 0.4
    room: float = 0.12
    swing: float = 0.0
    chord_notes: int = 3
    drum_gain: float = 1.0
    kit: str = "acoustic"

    @property
    def beats_per_bar(self) -> int:
        """Beats that are counted: two dotted quarters in 6/8."""
        return {"2": 2, "3": 3, "4": 4, "6": 2}[self.meter]

    @property
    def steps_per_beat(self) -> int:
        """Steps of a rhythm string in a beat."""
        return 6 if self.meter == "6" else 4

    @property
    def steps_per_bar(self) -> int:
        """Steps of a rhythm string in a bar."""
        return self.beats_per_bar * self.steps_per_beat

    def lines(self) -> dict[str, Line]:
        """The pitched parts that there are, by role."""
        roles = {"bass": self.bass, "chords": self.chords, "pad": self.pad, "lead": self.lead}
        return {role: line for role, line in roles.items() if line}

    def progressions(self, mode: Mode) -> tuple[Progression, ...]:
        """The progressions of a mode."""
        return self.minor_progressions if mode is Mode.MINOR else self.major_progressions


_POP_MAJOR = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (0, 3, 0, 4))
_POP_MINOR = ((0, 5, 2, 6), (0, 3, 4, 0), (0, 5, 3, 4), (0, 6, 5, 4))
_JAZZ_MAJOR = ((1, 4, 0, 0), (0, 5, 1, 4), (2, 5, 1, 4, 0, 0, 1, 4))
_JAZZ_MINOR = ((0, 3, 4, 0), (0, 5, 3, 4), (0, 0, 3, 4))
_STILL_MAJOR = ((0, 0, 3, 3), (0, 3, 0, 3), (0, 5, 0, 3))
_STILL_MINOR = ((0, 0, 5, 5), (0, 5, 0, 3), (0, 3, 0, 3))
_MARCH = ((0, 0, 4, 0), (0, 3, 4, 0), (0, 4, 4, 0))

STYLES = (
    Style(
        "techno", "4", (124, 140), 0.85, _STILL_MAJOR, _STILL_MINOR,
        drums={"kick": "X...", "hat": "..x.", "clap": "....x...", "shaker": "o.o.oooo"},
        bass=Line(("synth bass",), "root", ".xxx", 0.8),
        chords=Line(("synth stab", "organ"), "stab", "x.....x.x.......", 0.6),
        pad=Line(("synth pad",), "hold", "x...............", 0.35),
        lead=Line(("saw lead", "square lead"), "arpeggio", "x.xxx.x.", 0.35),
        vocals=0.1, room=0.12, kit="electronic",
    ),
    Style(
        "house", "4", (116, 128), 0.5, _POP_MAJOR, _POP_MINOR,
        drums={"kick": "X...", "hat": "..X.", "clap": "....X...", "shaker": "oxox"},
        bass=Line(("synth bass",), "root_octave", "..x.", 0.8),
        chords=Line(("piano", "organ"), "stab", "x..xx...", 0.65),
        pad=Line(("string section", "synth pad"), "hold", "x...............", 0.3),
        lead=Line(("saw lead", "bell"), "melody", "", 0.4),
        vocals=0.45, chord_notes=4, kit="electronic",
    ),
    Style(
        "lo-fi hip hop", "4", (70, 88), 0.5, _JAZZ_MAJOR, _JAZZ_MINOR,
        drums={"kick": "X.....x...X.....", "snare": "....X...", "hat": "x.o.x.oo"},
        bass=Line(("upright bass", "synth bass"), "root", "x.....x...x.....", 0.9),
        chords=Line(("electric piano",), "hold", "x.......x.......", 0.75),
        lead=Line(("vibraphone", "nylon guitar", "flute"), "melody", "", 0.45),
        vocals=0.15, swing=0.3, chord_notes=4, room=0.16, kit="dusty",
    ),
    Style(
        "waltz", "3", (84, 168), 0.35, _POP_MAJOR, _POP_MINOR,
        drums={"kick": "x...........", "brush": "....o...o..."},
        bass=Line(("upright bass", "cello"), "root_fifth", "x...........", 0.9),
        chords=Line(("piano", "accordion", "string section"), "stab", "....x...x...", 0.6),
        lead=Line(("violin", "clarinet", "accordion"), "melody", "", 0.6),
        vocals=0.25, room=0.2, drum_gain=0.6,
    ),
    Style(
        "ambient", "4", (60, 84), 0.5, _STILL_MAJOR, _STILL_MINOR,
        drums={"shaker": "o.......", "kick": "o..............."},
        bass=Line(("sub bass",), "root", "x...............", 0.6),
        chords=Line(("harp", "bell"), "arpeggio", "x...x...", 0.5),
        pad=Line(("synth pad", "choir"), "hold", "x...............", 0.8),
        lead=Line(("flute", "bell"), "melody", "", 0.35),
        vocals=0.05, chord_notes=4, room=0.4, drum_gain=0.35, kit="dusty",
    ),
    Style(
        "rock", "4", (100, 160), 0.5, _POP_MAJOR, _POP_MINOR,
        drums={"kick": "X.....o.X.......", "snare": "....X...", "hat": "X.o.", "crash": "x" + 63 * "."},
        bass=Line(("electric bass",), "root", "x.x.x.x.", 0.8),
        chords=Line(("distorted guitar",), "power", "X.o.X.o.", 0.6),
        lead=Line(("distorted lead guitar", "organ"), "melody", "", 0.45),
        vocals=0.7, room=0.1, drum_gain=1.1,
    ),
    Style(
        "bossa nova", "4", (112, 144), 0.4, _JAZZ_MAJOR, _JAZZ_MINOR,
        drums={"kick": "X..oX..o", "rim": "o..o..o...o..o..", "shaker": "Xoxo", "hat": "..x."},
        bass=Line(("upright bass",), "root_fifth", "x..ox..o", 0.9),
        chords=Line(("nylon guitar",), "stab", "x...x..xo...x...", 0.7),
        lead=Line(("flute", "clarinet", "vibraphone"), "melody", "", 0.5),
        vocals=0.5, chord_notes=4, room=0.14, drum_gain=0.7, kit="dusty",
    ),
    Style(
        "chiptune", "4", (120, 180), 0.4, _POP_MAJOR, _POP_MINOR,
        drums={"kick": "X.......", "snare": "....X...", "hat": "x.x."},
        bass=Line(("triangle bass",), "root_octave", "x.x.x.x.", 0.8),
        chords=Line(("pulse arpeggio",), "arpeggio", "x", 0.4),
        lead=Line(("square lead",), "melody", "", 0.55),
        vocals=0.0, room=0.0, kit="chip",
    ),
    Style(
        "ballad", "4", (60, 84), 0.4, _POP_MAJOR, _POP_MINOR,
        drums={"kick": "x.......x.x.....", "snare": "........x.......", "hat": "o.o."},
        bass=Line(("electric bass", "upright bass"), "root", "x.......x.......", 0.8),
        chords=Line(("piano",), "arpeggio", "x.x.", 0.75),
        pad=Line(("string section",), "hold", "x...............", 0.45),
        lead=Line(("violin", "piano", "flute"), "melody", "", 0.5),
        vocals=0.8, room=0.24, drum_gain=0.7,
    ),
    Style(
        "reggae", "4", (68, 92), 0.4, _STILL_MAJOR, _STILL_MINOR,
        drums={"kick": "........X.......", "rim": "........X.......", "hat": "x.xo"},
        bass=Line(("electric bass",), "root_fifth", "x..x..x.x.x.....", 1.0),
        chords=Line(("clean guitar", "organ"), "stab", "....x...", 0.7),
        lead=Line(("brass section", "organ"), "melody", "", 0.4),
        vocals=0.6, swing=0.1, room=0.15,
    ),
    Style(
        "march", "2", (96, 126), 0.2, _MARCH, _MARCH,
        drums={"kick": "X...", "snare": "x.xxx.x.", "crash": "x" + 31 * "."},
        bass=Line(("tuba",), "root_fifth", "x...", 0.8),
        chords=Line(("brass section",), "stab", "..x.", 0.8),
        lead=Line(("trumpet", "clarinet"), "melody", "", 0.7),
        vocals=0.1, room=0.18, drum_gain=0.6,
    ),
    Style(
        "drum and bass", "4", (160, 178), 0.75, _STILL_MAJOR, _STILL_MINOR,
        drums={"kick": "X.........X.....", "snare": "....X.......X...", "hat": "x.xxx.x.x.xxx.xo"},
        bass=Line(("reese bass",), "root", "x.......x.x.....", 0.9),
        chords=Line(("electric piano", "synth stab"), "hold", "x...............", 0.45),
        pad=Line(("synth pad",), "hold", "x...............", 0.4),
        lead=Line(("saw lead", "bell"), "melody", "", 0.35),
        vocals=0.25, chord_notes=4, kit="electronic",
    ),
    Style(
        "indie folk", "4", (84, 116), 0.35, _POP_MAJOR, _POP_MINOR,
        drums={"kick": "x.......x.......", "brush": "..o.x.o.", "shaker": "o.x."},
        bass=Line(("upright bass",), "root_fifth", "x.......x.......", 0.8),
        chords=Line(("acoustic guitar",), "arpeggio", "x.xx", 0.9),
        lead=Line(("violin", "flute", "acoustic guitar"), "melody", "", 0.45),
        vocals=0.75, room=0.16, drum_gain=0.6,
    ),
    Style(
        "jig", "6", (96, 126), 0.35, _MARCH, ((0, 6, 0, 6), (0, 6, 5, 4)),
        drums={"frame drum": "X.x.o.x.x.o."},
        bass=Line(("cello", "upright bass"), "root", "x.....", 0.7),
        chords=Line(("acoustic guitar",), "strum", "x...x.", 0.7),
        lead=Line(("fiddle", "tin whistle", "accordion"), "reel", "x.x.x.", 0.7),
        vocals=0.0, room=0.14, drum_gain=0.9,
    ),
    Style(
        "swing jazz", "4", (108, 172), 0.3, _JAZZ_MAJOR, _JAZZ_MINOR,
        drums={"ride": "x...x.x.", "kick": "o...", "snare": "..............o."},
        bass=Line(("upright bass",), "walking", "x...", 1.0),
        chords=Line(("piano", "clean guitar"), "stab", "x.....x.........", 0.6),
        lead=Line(("saxophone", "trumpet", "vibraphone", "clarinet"), "melody", "", 0.6),
        vocals=0.3, swing=0.6, chord_notes=4, room=0.16, drum_gain=0.8,
    ),
    Style(
        "funk", "4", (96, 116), 0.65, _STILL_MAJOR, _STILL_MINOR,
        drums={"kick": "X..o....X.x.....", "snare": "....X..o....X...", "hat": "Xoxo"},
        bass=Line(("electric bass",), "root_octave", "X..xx...X.xox...", 1.0),
        chords=Line(("clean guitar", "clavinet"), "stab", "..x.x.xo", 0.55),
        lead=Line(("brass section", "saxophone"), "melody", "", 0.5),
        vocals=0.5, chord_notes=4, room=0.1,
    ),
)  # fmt: skip


def style_named(name: str) -> Style:
    """The style of a name. Raises ValueError with all names."""
    for style in STYLES:
        if style.name == name:
            return style
    raise ValueError(f"no style {name!r}; there are {', '.join(style.name for style in STYLES)}")
