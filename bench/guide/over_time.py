"""What goes on over a song, and over several calls: when lyrics are sung, chains of edits, the same song again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from matplotlib.figure import Figure

from bench.guide.measures import differing, places
from bench.guide.pictures import Panel, draw, save
from bench.guide.readings import Page, Reading, Refusal
from bench.guide.scene import CAPTION, SECONDS, SEED, Made, Scene
from bench.plots import OURS, THEIRS
from quartet import Extend, LyricLine, Region, Remix, Repaint
from quartet.cli.plot import draw_spectrogram
from quartet.errors import QuartetError
from training.synth.clip import Clip, make_clip
from training.synth.score import TimedLine

# Clips of 16 s whose lyrics are English, half of them with an intro; the first is the song of the guide.
_SUNG = (SEED, *(1_000_006_000 + number for number in (40, 44, 47, 70, 97)))


def lyrics_timing(scene: Scene, picture: Path) -> Page:
    """When the lyrics of songs are sung whose times are known: remixes of strength 1, which are their sources."""
    starts: list[float] = []
    ends: list[float] = []
    spread: list[float] = []
    for number, seed in enumerate(_SUNG):
        clip = make_clip(seed, seconds=SECONDS, rate=scene.stages.codec.rate)
        made = _as_it_is(scene, clip)
        found, known = scene.client.lyrics_timing(made.record.job_id).lines, clip.description.lines
        starts += [abs(one.start - other.start) for one, other in zip(found, known, strict=True)]
        ends += [abs(one.end - other.end) for one, other in zip(found, known, strict=True)]
        spread += [abs(SECONDS * place / len(known) - line.start) for place, line in enumerate(known)]
        if number == 0:
            _draw_lines(picture, made, found, known)
    silent = scene.make("instrumental", duration=2.0, lyrics="[Instrumental]")
    return Page(
        (
            Reading("songs", float(len(_SUNG)), "", 0),
            Reading("lines", float(len(starts)), "", 0),
            Reading("median error of a line's start", median(starts), "s", 2),
            Reading("median error of a line's end", median(ends), "s", 2),
            Reading(
                "lines that start within 0.3 s of the truth", 100 * float(np.mean(np.array(starts) <= 0.3)), "%", 0
            ),
            Reading("median error of starts spread evenly over the song, without listening", median(spread), "s", 2),
        ),
        (
            _untimed(scene, "an instrumental", silent.record.job_id),
            _untimed(scene, "a job that is not there", "nothing"),
        ),
    )


def chains(scene: Scene, picture: Path) -> Page:
    """A song that was made, repainted, extended and repainted again, and its last step from the record."""
    first = scene.make("chain-1-song", duration=SECONDS)
    second = scene.make("chain-2-repaint", Repaint(_id(first), (Region(4, 7),)), seed=8)
    third = scene.make("chain-3-extend", Extend(_id(second), after=4.0))
    fourth = scene.make("chain-4-repaint", Repaint(_id(third), (Region(11, 13),)), seed=9)
    again = scene.client.generate(fourth.record.spec_of())
    rate = first.sound.sample_rate
    untouched = ~places(SECONDS, rate, [(4, 7), (11, 13), (SECONDS, SECONDS)])
    last = fourth.sound.samples
    marks = [(4.0, 7.0), (11.0, 13.0), (SECONDS, SECONDS + 4)]
    padded = np.zeros_like(last)
    padded[: len(first.sound.samples)] = first.sound.samples
    panels = [Panel("the first song", first.sound), Panel("after two repaints and an extension", fourth.sound, marks)]
    draw(picture, panels, last - padded)
    return Page(
        (
            Reading("samples of the first song that no edit was asked for", float(np.count_nonzero(untouched)), "", 0),
            Reading(
                "of them not as they were after three edits",
                float(differing(last[: len(untouched)][untouched], first.sound.samples[untouched])),
                "",
                0,
            ),
            Reading(
                "the last step again, from its record",
                "the same file" if again.record.items[0].sha256 == fourth.record.items[0].sha256 else "another file",
            ),
        ),
        (scene.refused("a source that is not there", Repaint("nowhere", (Region(1, 2),))),),
    )


def _as_it_is(scene: Scene, clip: Clip) -> Made:
    """A clip as a result, with its words."""
    facts = clip.description.facts
    words = replace(
        scene.words,
        caption=CAPTION if clip.description.seed == SEED else clip.description.wish,
        lyrics=clip.description.lyrics,
        bpm=facts.bpm,
        key_scale=str(facts.key),
        time_signature=facts.style.meter,
    )
    name = f"sung-{clip.description.seed}"
    return scene.make(name, Remix(scene.written(f"{name}-source", clip.audio), 1.0), words)


def _draw_lines(picture: Path, made: Made, found: Sequence[LyricLine], known: Sequence[TimedLine]) -> None:
    """Bars of the lines below the song, as they are and as they were found."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
    draw_spectrogram(above, made.sound)
    for place, (one, other) in enumerate(zip(known, found, strict=True)):
        for row, line, colour in ((0.0, one, OURS), (0.4, other, THEIRS)):
            below.barh(place + row, line.end - line.start, left=line.start, height=0.38, color=colour)
    below.set_yticks([place + 0.2 for place in range(len(known))], [line.text for line in known], fontsize="small")
    below.invert_yaxis()
    below.set(xlabel="seconds", title="lines as they are sung (blue) and as they were found (orange)")
    below.grid(axis="x", alpha=0.3)
    save(figure, picture)


def _untimed(scene: Scene, asked: str, job_id: str) -> Refusal:
    try:
        scene.client.lyrics_timing(job_id)
    except QuartetError as error:
        return Refusal(asked, error.message)
    raise ValueError(f"{asked}: has times all the same")


def _id(made: Made) -> str:
    return made.record.items[0].audio_id
