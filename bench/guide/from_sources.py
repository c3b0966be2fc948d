"""Songs from a recording: cover, repaint, extension, edit, remix."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.guide.measures import change_db, differing, heard, matched, places
from bench.guide.pictures import Panel, draw
from bench.guide.readings import Page, Reading
from bench.guide.scene import CAPTION, SECONDS, Scene
from bench.quality.similarity import chroma_similarity, distance_db
from quartet import Cover, Edit, Extend, Region, Remix, Repaint, RepaintMode
from quartet.cli.audio import rms_dbfs

BOSSA = "A bossa nova with nylon guitar chords, upright bass and soft drums. A woman sings."
GUITAR = "A driving house track with synth bass, distorted guitar and a synth pad. A woman sings."
NEW_PART = (6.0, 10.0)
BEFORE, AFTER = 2.0, 4.0


def cover(scene: Scene, picture: Path) -> Page:
    """The song as a bossa nova, heard all the time, half of it, and never."""
    covers = {
        strength: scene.make(f"cover-{strength:g}", Cover(scene.source, strength=strength), caption=BOSSA)
        for strength in (1.0, 0.5, 0.0)
    }
    close = scene.make("cover-from-latents", Cover(scene.source, from_latents=True), caption=BOSSA)
    draw(picture, [Panel("the source, house", scene.song), Panel("the cover, bossa nova", covers[1.0].sound)])
    return Page(
        (
            *(
                Reading(f"chroma similarity, strength {strength:g}", chroma_similarity(made.sound, scene.song), "", 2)
                for strength, made in covers.items()
            ),
            Reading("chroma similarity, from latents", chroma_similarity(close.sound, scene.song), "", 2),
            *heard(covers[1.0].sound, "the cover"),
        ),
        (
            scene.refused("`--blend` without `--strength`", Cover(scene.source, blend=True)),
            scene.refused("`--strength 2` (SDK)", Cover(scene.source, strength=2.0)),
            scene.refused("a length of its own (SDK)", Cover(scene.source), duration=30.0),
        ),
    )


def repaint(scene: Scene, picture: Path) -> Page:
    """Four seconds in the middle made anew, in every mode."""
    made = {
        mode: scene.make(f"repaint-{mode}", Repaint(scene.source, (Region(*NEW_PART),), mode=mode)).sound
        for mode in RepaintMode
    }
    source, rate = scene.song.samples, scene.song.sample_rate
    new = places(SECONDS, rate, [NEW_PART])
    inside = slice(round(NEW_PART[0] * rate), round(NEW_PART[1] * rate))
    shown = made[RepaintMode.BALANCED]
    panels = [Panel("the source", scene.song, [NEW_PART]), Panel("repainted from 6 to 10 s", shown, [NEW_PART])]
    draw(picture, panels, shown.samples - source)
    joints = np.concatenate([np.arange(round((at - 0.025) * rate), round((at + 0.025) * rate)) for at in NEW_PART])
    return Page(
        (
            Reading("samples outside of the region", float(np.count_nonzero(~new)), "", 0),
            *(
                Reading(f"of them not as they were, {mode}", float(differing(sound.samples[~new], source[~new])), "", 0)
                for mode, sound in made.items()
            ),
            *(
                Reading(f"change within the region, {mode}", distance_db(sound.samples[inside], source[inside]), "dB")
                for mode, sound in made.items()
            ),
            Reading("largest step between samples at the joints", _largest_step(shown.samples, joints), "", 3),
            Reading("largest step in the source", _largest_step(source, np.arange(len(source) - 1)), "", 3),
            *heard(shown, "the repaint"),
        ),
        (
            scene.refused("`--from 18 --to 20`", Repaint(scene.source, (Region(18, 20),))),
            scene.refused("`--from 10 --to 6`", Repaint(scene.source, (Region(10, 6),))),
            scene.refused("`--from 0`", Repaint(scene.source, (Region(0),))),
            scene.refused("`--from 2 --to 6 --from 5 --to 8`", Repaint(scene.source, (Region(2, 6), Region(5, 8)))),
            scene.refused(
                "`--mode conservative --strength 0.5`",
                Repaint(scene.source, (Region(*NEW_PART),), mode=RepaintMode.CONSERVATIVE, strength=0.5),
            ),
        ),
    )


def extend(scene: Scene, picture: Path) -> Page:
    """Two seconds before the song and four behind it."""
    made = scene.make("extend", Extend(scene.source, before=BEFORE, after=AFTER)).sound
    rate, source = made.sample_rate, scene.song.samples
    added = [(0.0, BEFORE), (BEFORE + SECONDS, BEFORE + SECONDS + AFTER)]
    old = slice(round(BEFORE * rate), round((BEFORE + SECONDS) * rate))
    joint = ~places(SECONDS, rate, [(0.0, 0.0), (SECONDS, SECONDS)])
    silence = np.zeros_like(made.samples)
    silence[old] = source
    panels = [Panel("the source", scene.song), Panel("with 2 s before and 4 s behind", made, added)]
    draw(picture, panels, made.samples - silence)
    return Page(
        (
            Reading("length before", scene.song.seconds, "s", 2),
            Reading("length behind", made.seconds, "s", 2),
            Reading("samples of the source, but for 25 ms at each end", float(np.count_nonzero(joint)), "", 0),
            Reading("of them not as they were", float(differing(made.samples[old][joint], source[joint])), "", 0),
            Reading("level of the source", rms_dbfs(source), "dBFS"),
            Reading("level of the 2 s before it", rms_dbfs(made.samples[: old.start]), "dBFS"),
            Reading("level of the 4 s behind it", rms_dbfs(made.samples[old.stop :]), "dBFS"),
            *heard(made, "the whole"),
        ),
        (
            scene.refused("neither `--before` nor `--after`", Extend(scene.source)),
            scene.refused("`--after -3`", Extend(scene.source, after=-3.0)),
            scene.refused("`--after 600`", Extend(scene.source, after=600.0)),
        ),
    )


def edit(scene: Scene, picture: Path) -> Page:
    """The organ turned into a distorted guitar; the closer, the more steps are left out."""
    lyrics = scene.words.lyrics
    kept = {
        n_min: scene.make(
            f"edit-{n_min:g}", Edit(scene.source, CAPTION, source_lyrics=lyrics, n_min=n_min), caption=GUITAR
        ).sound
        for n_min in (0.0, 0.3, 0.6)
    }
    same = scene.make("edit-same", Edit(scene.source, CAPTION, source_lyrics=lyrics)).sound
    shown = kept[0.3]
    draw(
        picture,
        [Panel("the source, with an organ", scene.song), Panel("with a distorted guitar, n_min 0.3", shown)],
        matched(shown.samples, scene.song.samples) - scene.song.samples,
    )
    return Page(
        (
            *(
                Reading(f"change of the sound, n_min {n_min:g}", change_db(sound, scene.song), "dB")
                for n_min, sound in kept.items()
            ),
            Reading("change where both descriptions are the same", change_db(same, scene.song), "dB"),
            *(
                Reading(f"chroma similarity, n_min {n_min:g}", chroma_similarity(sound, scene.song), "", 2)
                for n_min, sound in kept.items()
            ),
            *heard(shown, "the edit"),
        ),
        (
            scene.refused("`--was ''`", Edit(scene.source, "")),
            scene.refused("`--n-min 0.8 --n-max 0.2`", Edit(scene.source, CAPTION, n_min=0.8, n_max=0.2)),
            scene.refused("`n_avg=9` (SDK)", Edit(scene.source, CAPTION, n_avg=9)),
        ),
    )


def remix(scene: Scene, picture: Path) -> Page:
    """The song under other words, more and less of it."""
    made = {
        strength: scene.make(f"remix-{strength:g}", Remix(scene.source, strength), caption=GUITAR).sound
        for strength in (0.3, 0.5, 0.8, 1.0)
    }
    panels = [
        Panel("the source", scene.song),
        Panel("remixed, strength 0.3", made[0.3]),
        Panel("remixed, strength 0.8", made[0.8]),
    ]
    draw(picture, panels)
    return Page(
        (
            *(
                Reading(f"change of the sound, strength {strength:g}", change_db(sound, scene.song), "dB")
                for strength, sound in made.items()
            ),
            *(
                Reading(f"chroma similarity, strength {strength:g}", chroma_similarity(sound, scene.song), "", 2)
                for strength, sound in made.items()
            ),
        ),
        (scene.refused("`--strength 1.5` (SDK)", Remix(scene.source, 1.5)),),
    )


def _largest_step(
    samples: np.ndarray[tuple[int, int], np.dtype[np.float32]], at: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> float:
    """The largest difference of neighbouring samples, the first of which are at some places."""
    return float(np.abs(samples[at + 1] - samples[at]).max())
