"""Songs from words: a new song, other takes of it, the sound of a reference, audio codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.guide.measures import change_db, colour_distance_db, heard, matched
from bench.guide.pictures import Panel, draw
from bench.guide.readings import Page, Reading
from bench.guide.scene import SECONDS, Made, Scene
from bench.quality.similarity import chroma_similarity
from quartet import Retake, TextToMusic
from quartet.cli.audio import read
from training.synth.clip import make_clip
from training.synth.styles import style_named

_REFERENCE_SEED = 1_000_006_500


def new_song(scene: Scene) -> Made:
    """The song that several pages begin with."""
    return scene.make("song", duration=SECONDS)


def song(scene: Scene, picture: Path) -> Page:
    """A song from words beside the generator's own clip of the same words."""
    made, twice = new_song(scene), scene.make("song-twice", duration=SECONDS)
    other = scene.make("song-other-seed", duration=SECONDS, seed=8)
    panels = [Panel("the song that nano made", made.sound), Panel("the generator's clip of the same words", scene.song)]
    draw(picture, panels)
    return Page(
        (
            Reading("tempo that was asked for", float(scene.words.bpm or 0), "bpm", 0),
            Reading("key that was asked for", scene.words.key_scale),
            *heard(made.sound),
            Reading("length", made.sound.seconds, "s", 2),
            Reading("the same seed again", "the same file" if _digest(made) == _digest(twice) else "another file"),
            Reading("chroma similarity to the song of another seed", chroma_similarity(made.sound, other.sound), "", 2),
        ),
        (
            scene.refused("`--duration 0.2`", duration=0.2),
            scene.refused("`--bpm 500`", bpm=500),
            scene.refused("`--meter 7`", time_signature="7"),
        ),
    )


def retake(scene: Scene, picture: Path) -> Page:
    """Takes of a song, nearer and farther."""
    made = new_song(scene)
    takes = {
        variance: scene.make(f"take-{variance:g}", Retake(variance, (11,)), duration=SECONDS)
        for variance in (0.0, 0.1, 0.2, 1.0)
    }
    shown = takes[0.2].sound
    panels = [Panel("the song", made.sound), Panel("a take with variance 0.2", shown)]
    draw(picture, panels, matched(shown.samples, made.sound.samples) - made.sound.samples)
    return Page(
        tuple(
            reading
            for variance, take in takes.items()
            for reading in (
                Reading(f"change of the sound, variance {variance:g}", change_db(take.sound, made.sound), "dB"),
                Reading(f"chroma similarity, variance {variance:g}", chroma_similarity(take.sound, made.sound), "", 2),
            )
        ),
        (
            scene.refused("`--variance 1.5` (SDK)", Retake(1.5), duration=SECONDS),
            scene.refused("a take without the seed of its song (SDK)", Retake(0.2), duration=SECONDS, seeds=()),
            scene.refused("`--take-seed 1 --take-seed 2` for one take", Retake(0.2, (1, 2)), duration=SECONDS),
        ),
    )


def reference(scene: Scene, picture: Path) -> Page:
    """The same words with and without the sound of a ballad."""
    ballad = make_clip(_REFERENCE_SEED, seconds=SECONDS, style=style_named("ballad"), rate=scene.stages.codec.rate)
    path = scene.written("reference", ballad.audio)
    plain, coloured = new_song(scene), scene.make("with-reference", duration=SECONDS, reference=path)
    sound = read(path)
    panels = [
        Panel("the reference, a ballad", sound),
        Panel("the song without it", plain.sound),
        Panel("the song with it", coloured.sound),
    ]
    draw(picture, panels)
    silent = scene.written("silence", np.zeros_like(ballad.audio))
    return Page(
        (
            Reading("mean spectrum, song without it from the reference", colour_distance_db(plain.sound, sound), "dB"),
            Reading("mean spectrum, song with it from the reference", colour_distance_db(coloured.sound, sound), "dB"),
            Reading("change of the sound", change_db(coloured.sound, plain.sound), "dB"),
            Reading("chroma similarity to the song without it", chroma_similarity(coloured.sound, plain.sound), "", 2),
            *heard(coloured.sound),
        ),
        (
            scene.refused("a silent file", duration=SECONDS, reference=silent),
            scene.refused("an id that is not there", duration=SECONDS, reference_audio_id="nowhere"),
        ),
    )


def codes(scene: Scene, picture: Path) -> Page:
    """Songs that follow the audio codes of a recording."""
    heard_codes = tuple(scene.stages.codes(scene.stages.latents(scene.song)))
    shuffled = tuple(int(code) for code in np.random.default_rng(0).permutation(heard_codes))
    followed = scene.make("codes", TextToMusic(heard_codes))
    again = scene.make("codes-other-seed", TextToMusic(heard_codes), seed=8)
    lost = scene.make("codes-shuffled", TextToMusic(shuffled))
    panels = [Panel("the recording that the codes are of", scene.song), Panel("a song along its codes", followed.sound)]
    draw(picture, panels)
    return Page(
        (
            Reading("codes of the recording", float(len(heard_codes)), "", 0),
            Reading("different ones among them", float(len(set(heard_codes))), "", 0),
            Reading("length of the song along them", followed.sound.seconds, "s", 2),
            Reading("chroma similarity to the recording", chroma_similarity(followed.sound, scene.song), "", 2),
            Reading("the same with another seed", chroma_similarity(again.sound, scene.song), "", 2),
            Reading("the same with the codes in another order", chroma_similarity(lost.sound, scene.song), "", 2),
            *heard(followed.sound),
        ),
        (
            scene.refused("a length beside the codes", TextToMusic(heard_codes), duration=30.0),
            scene.refused("a code of 64000", TextToMusic((64_000,) * 10)),
            scene.refused("1,500 codes", TextToMusic((1,) * 1500)),
        ),
    )


def _digest(made: Made) -> str:
    return made.record.items[0].sha256
