"""A song request: every rule checked at once, every open choice made."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass

from quartet.errors import NotFoundError
from quartet.songs import SongSpec
from quartet.v1 import music_pb2, stage_pb2
from quartet.validation import Violations
from serving import rules

MAX_CAPTION_CHARACTERS = 8192
MAX_LYRIC_CHARACTERS = 32_768
MAX_ITEMS = 8
MAX_REQUEST_ID_CHARACTERS = 128
DEFAULT_SECONDS = 120.0
INSTRUMENTAL = "[Instrumental]"
TIME_SIGNATURES = ("", "2", "3", "4", "6")
MAX_KEY_CHARACTERS = 32
LANGUAGES = frozenset(
    """ar az bg bn ca cs da de el en es fa fi fr he hi hr ht hu id is it ja ko la lt ms ne nl no pa pl pt ro ru sa sk sr
    sv sw ta te th tl tr uk ur vi yue zh unknown""".split()  # noqa: SIM905 (a table is easier to read than a list)
)


@dataclass(frozen=True)
class WaveletDefault:
    """Weights of the correction that a model applies unless told otherwise."""

    low: float
    high: float


@dataclass(frozen=True)
class ModelOffer:
    """A DiT model that can be asked for, and the lengths in seconds that it can make."""

    id: str
    min_seconds: float
    max_seconds: float
    wavelet_correction: WaveletDefault | None


def check_song(song: music_pb2.SongSpec, request_id: str, offers: tuple[ModelOffer, ...]) -> ModelOffer:
    """The model that a song asks for. Raises InvalidRequestError that lists every invalid field, or NotFoundError."""
    offer = _offer(song.model, offers)
    with Violations() as check:
        _check_words(song, check)
        _check_metadata(song.metadata, check)
        fits = check.within(_seconds(song, offer), offer.min_seconds, offer.max_seconds, "song.duration")
        check.that(song.items <= MAX_ITEMS, "song.items", f"is {song.items}, must be at most {MAX_ITEMS}")
        items = song.items or 1
        check.that(
            len(song.seeds) <= items,
            "song.seeds",
            f"has {len(song.seeds)} seeds for {items} items; give at most one each",
        )
        rules.check_schedule(song.sampling.schedule, check, "song.sampling.schedule")
        rules.check_method(song.sampling.method, check, "song.sampling.method")
        rules.check_guidance(song.sampling.guidance, check, "song.sampling.guidance")
        if song.sampling.HasField("wavelet_correction"):
            rules.check_wavelet_correction(song.sampling.wavelet_correction, check, "song.sampling.wavelet_correction")
        _check_output(song, _seconds(song, offer) if fits else offer.max_seconds, check)
        check.that(
            len(request_id) <= MAX_REQUEST_ID_CHARACTERS,
            "request_id",
            f"has {len(request_id)} characters, at most {MAX_REQUEST_ID_CHARACTERS} are allowed",
        )
    return offer


def resolve(song: music_pb2.SongSpec, offer: ModelOffer) -> SongSpec:
    """The song with every open choice made. The song must have passed `check_song`."""
    spec = SongSpec.from_message(song)
    missing = spec.items - len(spec.seeds)
    correction = spec.wavelet_correction
    if correction is None and offer.wavelet_correction:
        correction = (offer.wavelet_correction.low, offer.wavelet_correction.high)
    return dataclasses.replace(
        spec,
        lyrics=spec.lyrics.strip() or INSTRUMENTAL,
        duration=_seconds(song, offer),
        seeds=(*spec.seeds, *(secrets.randbits(32) for _ in range(missing))),
        model=offer.id,
        wavelet_correction=correction,
    )


def _offer(model: str, offers: tuple[ModelOffer, ...]) -> ModelOffer:
    if not model:
        return offers[0]
    for offer in offers:
        if offer.id == model:
            return offer
    raise NotFoundError.of("model", model, f"there are {', '.join(offer.id for offer in offers)}")


def _seconds(song: music_pb2.SongSpec, offer: ModelOffer) -> float:
    if song.HasField("duration"):
        return song.duration.ToNanoseconds() / 1e9
    return min(DEFAULT_SECONDS, offer.max_seconds)


def _check_words(song: music_pb2.SongSpec, check: Violations) -> None:
    for field, text, most in (
        ("song.caption", song.caption, MAX_CAPTION_CHARACTERS),
        ("song.lyrics", song.lyrics, MAX_LYRIC_CHARACTERS),
    ):
        check.that(len(text) <= most, field, f"has {len(text)} characters, at most {most} are allowed")
    given = song.caption.strip() or song.lyrics.strip()
    check.that(bool(given), "song.caption", "is empty, and so are the lyrics; describe the music or give lyrics")


def _check_metadata(metadata: stage_pb2.Metadata, check: Violations) -> None:
    if metadata.HasField("bpm"):
        check.within(metadata.bpm, 30, 300, "song.metadata.bpm")
    check.that(
        metadata.time_signature in TIME_SIGNATURES,
        "song.metadata.time_signature",
        f"is {metadata.time_signature[:20]!r}, must be 2, 3, 4 or 6",
    )
    check.that(
        len(metadata.key_scale) <= MAX_KEY_CHARACTERS,
        "song.metadata.key_scale",
        f"has {len(metadata.key_scale)} characters, at most {MAX_KEY_CHARACTERS} are allowed",
    )
    check.that(
        metadata.vocal_language in LANGUAGES or not metadata.vocal_language,
        "song.metadata.vocal_language",
        f"is {metadata.vocal_language[:20]!r}, must be one of {' '.join(sorted(LANGUAGES))}",
    )
    check.that(
        not metadata.HasField("duration_seconds"),
        "song.metadata.duration_seconds",
        "is taken from song.duration; leave it out",
    )


def _check_output(song: music_pb2.SongSpec, seconds: float, check: Violations) -> None:
    output = song.output
    known = output.format in music_pb2.AudioFormat.values()
    check.that(known, "song.output.format", f"{output.format} is not a known audio format")
    if output.HasField("peak_dbfs"):
        check.within(output.peak_dbfs, -60, 0, "song.output.peak_dbfs")
    fades = {"fade_in": output.fade_in, "fade_out": output.fade_out}
    lengths = {name: fade.ToNanoseconds() / 1e9 for name, fade in fades.items()}
    for name, length in lengths.items():
        check.within(length, 0, seconds, f"song.output.{name}")
    both = sum(lengths.values())
    if max(lengths.values()) <= seconds:
        check.that(both <= seconds, "song.output.fade_in", f"and fade_out take {both:g} s of a song of {seconds:g} s")
