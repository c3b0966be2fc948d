"""Single tracks: taken out of a song, added to it, and a song around one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.guide.measures import error_db, heard
from bench.guide.pictures import Panel, draw
from bench.guide.readings import Page, Reading
from bench.guide.scene import Scene
from bench.quality.recordings import recording_of
from bench.quality.similarity import chroma_similarity, si_sdr_db
from quartet import Complete, Extract, Lego, Region
from quartet.cli.audio import Recording, rms_dbfs

_HALF = 8.0


def extract(scene: Scene, picture: Path) -> Page:
    """Every stem of the song, and their sum beside the song."""
    names = tuple(sorted(scene.stems))
    made = scene.make("extract", Extract(scene.source, names), keep_level=True)
    truth = {name: recording_of(scene.stems[name], scene.song.sample_rate) for name in names}
    found = dict(zip(names, made.sounds, strict=True))
    whole = recording_of(np.sum([sound.samples for sound in made.sounds], axis=0), scene.song.sample_rate)
    coded = scene.stages.sound(scene.stages.latents(scene.song))
    panels = [
        Panel("the song", scene.song),
        Panel("its drums as they were made", truth["drums"]),
        Panel("the drums that nano took out", found["drums"]),
    ]
    draw(picture, panels)
    return Page(
        (
            *(Reading(f"{name}, taken out: SI-SDR", si_sdr_db(found[name], truth[name]), "dB") for name in names),
            *(
                Reading(f"{name}, the whole song instead: SI-SDR", si_sdr_db(scene.song, truth[name]), "dB")
                for name in names
            ),
            Reading("sum of all that was taken out: error", error_db(whole, scene.song), "dB"),
            Reading("sum of all that was taken out: SI-SDR", si_sdr_db(whole, scene.song), "dB"),
            Reading("the song through the codec alone: error", error_db(coded, scene.song), "dB"),
            Reading("sum of the true stems: error", error_db(_summed(scene), scene.song), "dB"),
        ),
        (
            scene.refused("no track (SDK)", Extract(scene.source, ())),
            scene.refused("`drums drums`", Extract(scene.source, ("drums", "drums"))),
            scene.refused("`items=3` for one track (SDK)", Extract(scene.source, ("drums",)), items=3),
        ),
    )


def lego(scene: Scene, picture: Path) -> Page:
    """Drums for a song without any, everywhere and in its second half."""
    backing = recording_of(scene.without("drums"), scene.song.sample_rate)
    path = scene.written("backing", backing.samples)
    everywhere = scene.make("lego", Lego(path, "drums")).sound
    late = scene.make("lego-late", Lego(path, "drums", (Region(_HALF),))).sound
    drums = recording_of(scene.stems["drums"], scene.song.sample_rate)
    panels = [
        Panel("the song without drums", backing),
        Panel("the drums that were in it", drums),
        Panel("the drums that nano made", everywhere),
    ]
    draw(picture, panels)
    first, second = slice(0, int(_HALF * drums.sample_rate)), slice(int(_HALF * drums.sample_rate), None)
    return Page(
        (
            Reading("the drums that were there, in the new track: SI-SDR", si_sdr_db(everywhere, drums), "dB"),
            Reading("what it was made for, in the new track: SI-SDR", si_sdr_db(everywhere, backing), "dB"),
            *heard(everywhere, "the new track"),
            Reading("in the second half alone: level of the first half", rms_dbfs(late.samples[first]), "dBFS"),
            Reading("in the second half alone: level of the second half", rms_dbfs(late.samples[second]), "dBFS"),
            Reading(
                "in the second half alone: the source in its first half, SI-SDR",
                si_sdr_db(_part(late, first), _part(backing, first)),
                "dB",
            ),
        ),
        (
            scene.refused("`--from 18`", Lego(path, "drums", (Region(18),))),
            scene.refused("a length of its own (SDK)", Lego(path, "drums"), duration=30.0),
        ),
    )


def complete(scene: Scene, picture: Path) -> Page:
    """A song around the voice alone."""
    voice = recording_of(scene.stems["vocals"], scene.song.sample_rate)
    path = scene.written("voice", voice.samples)
    made = scene.make("complete", Complete(path, ("drums", "bass", "keyboard"))).sound
    draw(picture, [Panel("the voice alone", voice), Panel("a song around it", made)])
    return Page(
        (
            Reading("chroma similarity to the voice", chroma_similarity(made, voice), "", 2),
            Reading("chroma similarity to the song that it comes from", chroma_similarity(made, scene.song), "", 2),
            Reading("the voice in the result: SI-SDR", si_sdr_db(made, voice), "dB"),
            Reading("the voice in the song that it comes from: SI-SDR", si_sdr_db(scene.song, voice), "dB"),
            *heard(made, "the song"),
        ),
        (
            scene.refused("`--track drums --track drums`", Complete(path, ("drums", "drums"))),
            scene.refused("a silent file", Complete(scene.written("silence", np.zeros_like(voice.samples)))),
        ),
    )


def _summed(scene: Scene) -> Recording:
    return recording_of(scene.without(), scene.song.sample_rate)


def _part(sound: Recording, where: slice) -> Recording:
    return recording_of(sound.samples[where], sound.sample_rate)
