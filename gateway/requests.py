"""A song request: every rule checked at once, every open choice made."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass

from gateway.audio.writing import MP3_BITRATES_KBPS, OPUS_RATE, SAMPLE_RATES
from quartet.errors import NotFoundError
from quartet.planning import Thinking
from quartet.songs import SongSpec
from quartet.v1 import music_pb2, stage_pb2
from quartet.validation import Violations
from serving import planning, rules

MAX_LYRIC_CHARACTERS = 32_768
MAX_ITEMS = 8
MOST_PLANS = 8
MAX_REQUEST_ID_CHARACTERS = 128
DEFAULT_SECONDS = 120.0
INSTRUMENTAL = "[Instrumental]"
MAX_KEY_CHARACTERS = 32
MAX_TITLE_CHARACTERS = 256
_TITLE_WORDS = 8
_TITLE_CHARACTERS = 64


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


def check_song(
    song: music_pb2.SongSpec, request_id: str, offers: tuple[ModelOffer, ...], *, has_planner: bool
) -> ModelOffer:
    """The model that a song asks for. Raises InvalidRequestError that lists every invalid field, or NotFoundError."""
    offer = _offer(song.model, offers)
    planned = has_planner and Thinking.from_message(song.thinking).asks_planner
    with Violations() as check:
        _check_words(song, planned, check)
        _check_metadata(song.metadata, planned, check)
        _check_thinking(song, check)
        given = _given_seconds(song)
        fits = given is None or check.within(given, offer.min_seconds, offer.max_seconds, "song.duration")
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
        _check_output(song, given if given and fits else offer.max_seconds, check)
        check.that(
            len(request_id) <= MAX_REQUEST_ID_CHARACTERS,
            "request_id",
            f"has {len(request_id)} characters, at most {MAX_REQUEST_ID_CHARACTERS} are allowed",
        )
    return offer


def resolve(song: music_pb2.SongSpec, offer: ModelOffer, *, has_planner: bool) -> SongSpec:
    """The song with every open choice made but for those that are the planner's. It must have passed `check_song`.

    Without a planner the length is chosen here and the wishes of `thinking` are left as they are, so that whoever runs
    the song knows what was wished for. With one, an open length stays open until the song is planned.
    """
    spec = _normalised(SongSpec.from_message(song))
    missing = spec.items - len(spec.seeds)
    seeds = (*spec.seeds, *(secrets.randbits(32) for _ in range(missing)))
    thinking, duration, correction = spec.thinking, spec.duration, spec.wavelet_correction
    if has_planner and thinking.asks_planner:
        thinking = _decided(thinking, seeds)
    if not has_planner:
        duration = duration or fallback_seconds(offer)
    if correction is None and offer.wavelet_correction:
        correction = (offer.wavelet_correction.low, offer.wavelet_correction.high)
    return dataclasses.replace(
        spec,
        lyrics=spec.lyrics.strip() or INSTRUMENTAL,
        duration=duration,
        seeds=seeds,
        model=offer.id,
        wavelet_correction=correction,
        title=" ".join(spec.title.split()) or first_words(spec.caption) or first_words(_first_line(spec.lyrics)),
        thinking=thinking,
    )


def first_words(text: str) -> str:
    """A title from a text: at most eight words and 64 characters of it."""
    title = ""
    for word in text.split()[:_TITLE_WORDS]:
        longer = f"{title} {word}" if title else word[:_TITLE_CHARACTERS]
        if len(longer) > _TITLE_CHARACTERS:
            break
        title = longer
    return title.rstrip(",;:-–—")


def _first_line(lyrics: str) -> str:
    """The first line that is sung."""
    lines = (line.strip() for line in lyrics.splitlines())
    return next((line for line in lines if line and not line.startswith("[")), "")


def _offer(model: str, offers: tuple[ModelOffer, ...]) -> ModelOffer:
    if not model:
        return offers[0]
    for offer in offers:
        if offer.id == model:
            return offer
    raise NotFoundError.of("model", model, f"there are {', '.join(offer.id for offer in offers)}")


def fallback_seconds(offer: ModelOffer) -> float:
    """The length of a song that nobody chose one for."""
    return min(DEFAULT_SECONDS, offer.max_seconds)


def _decided(thinking: Thinking, seeds: tuple[int, ...]) -> Thinking:
    """Thinking with the defaults of the official application, and with seeds, by default from those of the items."""
    seed = seeds[0] if thinking.seed is None else thinking.seed
    given = thinking.code_seeds
    return dataclasses.replace(
        thinking,
        think=thinking.think is not False,
        write_metadata=thinking.write_metadata is not False,
        rewrite_caption=thinking.rewrite_caption is not False,
        detect_language=thinking.detect_language is not False,
        seed=seed,
        code_seeds=(*given, *((seed + index) % 2**32 for index in range(len(given), len(seeds)))),
    )


def _normalised(spec: SongSpec) -> SongSpec:
    """The song with one way of saying that a value is open, and one spelling where there are several."""
    key, meter, language = spec.key_scale, spec.time_signature, spec.vocal_language
    return dataclasses.replace(
        spec,
        key_scale="" if planning.is_open(key) else planning.key_scale(key) or key,
        time_signature="" if planning.is_open(meter) else planning.time_signature(meter) or meter,
        vocal_language="" if planning.is_open_language(language) else planning.language(language) or language,
    )


def _given_seconds(song: music_pb2.SongSpec) -> float | None:
    """The length, where it is not open."""
    seconds = song.duration.ToNanoseconds() / 1e9
    return seconds if song.HasField("duration") and seconds > 0 else None


def _check_words(song: music_pb2.SongSpec, planned: bool, check: Violations) -> None:
    most_lyrics = planning.MAX_LYRIC_CHARACTERS if planned else MAX_LYRIC_CHARACTERS
    for field, text, most in (
        ("song.caption", song.caption, planning.MAX_CAPTION_CHARACTERS),
        ("song.lyrics", song.lyrics, most_lyrics),
        ("song.thinking.negative_prompt", song.thinking.negative_prompt, planning.MAX_CAPTION_CHARACTERS),
    ):
        check.that(len(text) <= most, field, f"has {len(text)} characters, at most {most} are allowed")
    given = song.caption.strip() or song.lyrics.strip()
    check.that(bool(given), "song.caption", "is empty, and so are the lyrics; describe the music or give lyrics")


def _check_metadata(metadata: stage_pb2.Metadata, planned: bool, check: Violations) -> None:
    if metadata.bpm:
        check.within(metadata.bpm, planning.MIN_BPM, planning.MAX_BPM, "song.metadata.bpm")
    meter, key, language = metadata.time_signature, metadata.key_scale, metadata.vocal_language
    check.that(
        planning.is_open(meter) or planning.time_signature(meter) is not None,
        "song.metadata.time_signature",
        f"is {meter[:20]!r}, must be 2, 3, 4 or 6",
    )
    check.that(
        len(key) <= MAX_KEY_CHARACTERS,
        "song.metadata.key_scale",
        f"has {len(key)} characters, at most {MAX_KEY_CHARACTERS} are allowed",
    )
    check.that(
        not planned or planning.is_open(key) or planning.key_scale(key) is not None,
        "song.metadata.key_scale",
        f"is {key[:20]!r}, must be a key that the planner knows, such as C major or F# minor",
    )
    check.that(
        planning.is_open_language(language) or planning.language(language) is not None,
        "song.metadata.vocal_language",
        f"is {language[:20]!r}, must be one of {' '.join(sorted(planning.LANGUAGES))}",
    )
    check.that(
        not metadata.HasField("duration_seconds"),
        "song.metadata.duration_seconds",
        "is taken from song.duration; leave it out",
    )


def _check_thinking(song: music_pb2.SongSpec, check: Violations) -> None:
    thinking, path = song.thinking, "song.thinking"
    planning.check_sampling(thinking.sampling, check, f"{path}.sampling")
    if thinking.HasField("guidance_scale"):
        planning.check_guidance(thinking.guidance_scale, check, f"{path}.guidance_scale")
    planning.check_prompt_form(thinking.prompt_form, check, f"{path}.prompt_form")
    check.within(thinking.best_of or 1, 1, MOST_PLANS, f"{path}.best_of")
    items, seeds = song.items or 1, len(thinking.code_seeds)
    check.that(seeds <= items, f"{path}.code_seeds", f"has {seeds} seeds for {items} items; give at most one each")


def _check_output(song: music_pb2.SongSpec, seconds: float, check: Violations) -> None:
    output = song.output
    known = output.format in music_pb2.AudioFormat.values()
    check.that(known, "song.output.format", f"{output.format} is not a known audio format")
    _check_file(output, check)
    if output.HasField("peak_dbfs"):
        check.within(output.peak_dbfs, -60, 0, "song.output.peak_dbfs")
    fades = {"fade_in": output.fade_in, "fade_out": output.fade_out}
    lengths = {name: fade.ToNanoseconds() / 1e9 for name, fade in fades.items()}
    for name, length in lengths.items():
        check.within(length, 0, seconds, f"song.output.{name}")
    both = sum(lengths.values())
    if max(lengths.values()) <= seconds:
        check.that(both <= seconds, "song.output.fade_in", f"and fade_out take {both:g} s of a song of {seconds:g} s")


def _check_file(output: music_pb2.SongOutput, check: Violations) -> None:
    """Bit rate, sample rate and title."""
    bitrate, rate, field = output.mp3_bitrate_kbps, output.sample_rate, "song.output.mp3_bitrate_kbps"
    choices = ", ".join(str(choice) for choice in MP3_BITRATES_KBPS)
    if bitrate and check.that(bitrate in MP3_BITRATES_KBPS, field, f"is {bitrate}, must be one of {choices}"):
        is_mp3 = output.format == music_pb2.AUDIO_FORMAT_MP3
        check.that(is_mp3, field, "is only for MP3 files; leave it out or ask for MP3")
    field = "song.output.sample_rate"
    if rate and check.that(rate in SAMPLE_RATES, field, f"is {rate}, must be 44100 or 48000, or 0 for the codec's own"):
        fits = output.format != music_pb2.AUDIO_FORMAT_OPUS or rate == OPUS_RATE
        check.that(fits, field, f"is {rate}, but Opus files have {OPUS_RATE}; leave it out or ask for another format")
    check.that(
        len(output.title) <= MAX_TITLE_CHARACTERS,
        "song.output.title",
        f"has {len(output.title)} characters, at most {MAX_TITLE_CHARACTERS} are allowed",
    )
