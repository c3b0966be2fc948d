"""A song request: every rule checked at once, every open choice made."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass

from gateway import task_rules, tasks
from gateway.output import INSTRUMENTAL, check_output, title_of
from gateway.sampling_rules import check_sampling
from quartet.errors import NotFoundError
from quartet.planning import Thinking, unless_open
from quartet.songs import SongSpec, Wavelet, WaveletMode
from quartet.task_messages import task_of
from quartet.tasks import Edit, NewSong, Retake
from quartet.v1 import music_pb2, stage_pb2
from quartet.validation import Violations
from quartet.wire import seconds_of
from serving import planning

MAX_ITEMS = 8
MOST_PLANS = 8
MAX_REQUEST_ID_CHARACTERS = 128
DEFAULT_SECONDS = 120.0
MAX_KEY_CHARACTERS = 32


@dataclass(frozen=True)
class WaveletDefault:
    """The correction that a model's songs get unless told otherwise."""

    low: float
    high: float
    mode: WaveletMode | None
    wavelet: Wavelet | None


@dataclass(frozen=True)
class ModelOffer:
    """A DiT model that can be asked for, the lengths in seconds that it makes, and whether it knows single tracks."""

    id: str
    min_seconds: float
    max_seconds: float
    knows_tracks: bool
    wavelet_correction: WaveletDefault | None


def check_song(
    song: music_pb2.SongSpec,
    request_id: str,
    offers: tuple[ModelOffer, ...],
    *,
    has_planner: bool,
    source_seconds: float | None = None,
) -> ModelOffer:
    """The model that a song asks for. Raises InvalidRequestError that lists every invalid field, or NotFoundError.

    `source_seconds` is the length of the task's source, None where it has none or is not named.
    """
    offer = _offer(song.model, offers)
    free = tasks.source_of(song) is None and not tasks.codes_of(song)
    planned = has_planner and free and Thinking.from_message(song.thinking).asks_planner
    with Violations() as check:
        _check_words(song, planned, check)
        _check_metadata(song.metadata, planned, check)
        _check_thinking(song, check)
        task_rules.check_settings(song, check)
        if tasks.source_of(song) is not None:
            _check_source(song, offer, offers, source_seconds, check)
        given, fits = _check_length(song, offer, check)
        check.that(
            song.items <= MAX_ITEMS or tasks.task_name(song) == "extract",
            "song.items",
            f"is {song.items}, must be at most {MAX_ITEMS}",
        )
        items = max(song.items, len(song.extract.tracks), 1)
        task_rules.check_seeds(song.seeds, items, check, "song.seeds")
        check_sampling(song.sampling, check, "song.sampling")
        followed = source_seconds if task_rules.names_known(song) else None
        made = _made_seconds(song, followed) if followed else given
        check_output(song, made if made and fits else offer.max_seconds, check)
        check.characters(request_id, MAX_REQUEST_ID_CHARACTERS, "request_id")
    return offer


def resolve(
    song: music_pb2.SongSpec, offer: ModelOffer, *, has_planner: bool, source_seconds: float | None = None
) -> SongSpec:
    """The song with every open choice made but for those that are the planner's. It must have passed `check_song`.

    Without a planner the length is chosen here and the wishes of `thinking` are left as they are, so that whoever runs
    the song knows what was wished for. With one, an open length stays open until the song is planned. Songs from a
    source have its length and are not planned.
    """
    spec = _normalised(SongSpec.from_message(song))
    if not isinstance(spec.task, NewSong):
        items, made = tasks.items_of(spec.task, spec.items), tasks.seconds_of(spec.task, source_seconds or 0.0)
        spec = dataclasses.replace(spec, items=items, duration=made, thinking=spec.thinking.unplanned())
    elif codes := tasks.codes_of(song):
        seconds = tasks.seconds_of_codes(len(codes))
        spec = dataclasses.replace(spec, duration=seconds, thinking=spec.thinking.unplanned())
    seeds = _seeds(spec)
    if spec.wavelet_correction is None and offer.wavelet_correction and not isinstance(spec.task, Edit):
        spec = _corrected(spec, offer.wavelet_correction)
    thinking, duration = spec.thinking, spec.duration
    if has_planner and thinking.asks_planner:
        thinking = _decided(thinking, seeds, same_codes=isinstance(spec.task, Retake))
    if not has_planner:
        duration = duration or fallback_seconds(offer)
    return dataclasses.replace(
        spec,
        lyrics=spec.lyrics.strip() or INSTRUMENTAL,
        task=tasks.decided(spec.task, spec.items),
        duration=duration,
        seeds=seeds,
        model=offer.id,
        title=title_of(spec),
        thinking=thinking,
    )


def _corrected(spec: SongSpec, default: WaveletDefault) -> SongSpec:
    return dataclasses.replace(
        spec,
        wavelet_correction=(default.low, default.high),
        wavelet_mode=default.mode,
        wavelet=default.wavelet,
    )


def _seeds(spec: SongSpec) -> tuple[int, ...]:
    """One for each item: takes of a song have its own, others that are open are drawn."""
    missing = spec.items - len(spec.seeds)
    if isinstance(spec.task, Retake):
        return (*spec.seeds, *spec.seeds[:1] * missing)
    return (*spec.seeds, *(secrets.randbits(32) for _ in range(missing)))


def _check_source(
    song: music_pb2.SongSpec,
    offer: ModelOffer,
    offers: tuple[ModelOffer, ...],
    seconds: float | None,
    check: Violations,
) -> None:
    name = tasks.task_name(song)
    if tasks.needs_tracks(song) and not offer.knows_tracks:
        able = ", ".join(each.id for each in offers if each.knows_tracks) or "a base model, of which none is deployed"
        check.add("song.model", f"{offer.id} does not know single tracks; {name} needs {able}")
    check.that(not song.thinking.think, "song.thinking.think", f"cannot be: a song by {name} follows its source")
    if seconds is None:
        check.add(f"song.{name}.source_audio_id", "is empty; name an upload or the audio of a result")
    elif check.that(
        offer.min_seconds <= seconds <= offer.max_seconds,
        f"song.{name}.source_audio_id",
        f"lasts {seconds:.2f} s, must be of {offer.min_seconds:g} to {offer.max_seconds:g} s",
    ):
        task_rules.check_source_task(song, seconds, offer.max_seconds, check)


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


def _decided(thinking: Thinking, seeds: tuple[int, ...], *, same_codes: bool) -> Thinking:
    """Thinking with the defaults of the official application, and with seeds, by default from those of the items.

    Takes of one song follow the same codes.
    """
    seed = seeds[0] if thinking.seed is None else thinking.seed
    given = thinking.code_seeds
    return dataclasses.replace(
        thinking,
        think=thinking.think is not False,
        write_metadata=thinking.write_metadata is not False,
        rewrite_caption=thinking.rewrite_caption is not False,
        detect_language=thinking.detect_language is not False,
        seed=seed,
        code_seeds=(
            *given,
            *(
                (given or (seed,))[0] if same_codes else (seed + index) % 2**32
                for index in range(len(given), len(seeds))
            ),
        ),
    )


def _normalised(spec: SongSpec) -> SongSpec:
    """The song with one way of saying that a value is open, and one spelling where there are several."""
    key, meter, language = spec.key_scale, spec.time_signature, spec.vocal_language
    return dataclasses.replace(
        spec,
        bpm=unless_open(spec.bpm),
        duration=unless_open(spec.duration),
        key_scale="" if planning.is_open(key) else planning.key_scale(key) or key,
        time_signature="" if planning.is_open(meter) else planning.time_signature(meter) or meter,
        vocal_language="" if planning.is_open(language) else planning.language(language) or language,
    )


def _check_length(song: music_pb2.SongSpec, offer: ModelOffer, check: Violations) -> tuple[float | None, bool]:
    """The length, where it is not open, and whether the model makes songs of it."""
    if not (codes := tasks.codes_of(song)):
        given = _given_seconds(song)
        return given, given is None or check.within(given, offer.min_seconds, offer.max_seconds, "song.duration")
    made = tasks.seconds_of_codes(len(codes))
    return made, check.that(
        offer.min_seconds <= made <= offer.max_seconds,
        f"song.{tasks.task_name(song)}.codes",
        f"make {made:g} s, must make {offer.min_seconds:g} to {offer.max_seconds:g} s, at 5 codes a second",
    )


def _made_seconds(song: music_pb2.SongSpec, source_seconds: float) -> float:
    """The length of a song from a source."""
    task = task_of(song)
    return 0.0 if isinstance(task, NewSong) else tasks.seconds_of(task, source_seconds)


def _given_seconds(song: music_pb2.SongSpec) -> float | None:
    """The length, where it is not open."""
    seconds = seconds_of(song.duration)
    return seconds if song.HasField("duration") and seconds > 0 else None


def _check_words(song: music_pb2.SongSpec, planned: bool, check: Violations) -> None:
    plans_lyrics = planned and not song.instrumental
    most_lyrics = planning.MAX_LYRIC_CHARACTERS if plans_lyrics else task_rules.MAX_LYRIC_CHARACTERS
    for field, text, most in (
        ("song.caption", song.caption, planning.MAX_CAPTION_CHARACTERS),
        ("song.lyrics", song.lyrics, most_lyrics),
        ("song.thinking.negative_prompt", song.thinking.negative_prompt, planning.MAX_CAPTION_CHARACTERS),
    ):
        check.characters(text, most, field)
    words = (song.caption.strip(), song.lyrics.strip())
    given = any(words) or song.instrumental or not tasks.needs_words(song)
    check.that(given, "song.caption", "is empty, and so are the lyrics; describe the music or give lyrics")


def _check_metadata(metadata: stage_pb2.Metadata, planned: bool, check: Violations) -> None:
    if metadata.bpm:
        check.within(metadata.bpm, planning.MIN_BPM, planning.MAX_BPM, "song.metadata.bpm")
    meter, key, language = metadata.time_signature, metadata.key_scale, metadata.vocal_language
    check.that(
        planning.is_open(meter) or planning.time_signature(meter) is not None,
        "song.metadata.time_signature",
        f"is {meter[:20]!r}, must be 2, 3, 4 or 6",
    )
    check.characters(key, MAX_KEY_CHARACTERS, "song.metadata.key_scale")
    check.that(
        not planned or planning.is_open(key) or planning.key_scale(key) is not None,
        "song.metadata.key_scale",
        f"is {key[:20]!r}, must be a key that the planner knows, such as C major or F# minor",
    )
    planning.check_language(language, check, "song.metadata.vocal_language")
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
    task_rules.check_seeds(thinking.code_seeds, song.items or 1, check, f"{path}.code_seeds")
