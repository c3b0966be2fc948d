"""`python -m training.planner.plans`: keeps the audio codes that a planner writes for the words of clips.

They are what the product gets when it thinks: mostly right, and wrong in the planner's own way. A transformer that has
learned from them knows how far to follow them. Only clips that the planner has not learned from tell that.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from services.planner import checkpoint, modes
from services.planner.cache import KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.codes import code_count
from services.planner.engine import PlannerEngine, Speaker
from services.planner.modes import Bounds, PlanWish
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.tasks import Script
from services.planner.thought import Thought
from services.runtime.checkpoints import CheckpointError, revision
from services.runtime.items import Ticket
from serving.settings import SettingsError, load, setting
from training.latents import LatentStore, LatentStoreError
from training.machine import MachineSettings
from training.planner.codes import Kept, is_missing, keep
from training.synth.clip import Description, describe

_ROWS, _CONTEXT, _PREFILL = 32, 1024, 256


@dataclass(frozen=True)
class PlansSettings(MachineSettings):
    """Plans the clips of a folder of latents with the planner of a family."""

    data: Path = setting(Path("out/nano/latents"), "folder of latents whose clips are planned")
    models: Path = setting(Path("out/nano/models"), "model family of the planner")
    name: str = setting("acestep-5Hz-lm-nano", "name of the planner")
    longest: float = setting(30.0, "seconds of the longest clip that is planned", at_least=1)


def main(settings: PlansSettings) -> bool:
    """Keeps the codes of what is not planned yet. Raises CheckpointError or LatentStoreError."""
    settings.use_threads()
    planner = checkpoint.load(
        settings.models,
        settings.name,
        dtype=torch.bfloat16 if settings.bfloat16 else torch.float32,
        device=torch.device(settings.device),
    )
    keep_plans(settings.data, planner, longest=settings.longest)
    return True


def keep_plans(folder: Path, planner: LoadedPlanner, *, longest: float) -> None:
    """Keeps the codes that a planner writes for the words of each clip of a folder; none for clips that are longer."""
    store = LatentStore.open(folder)
    for shard in store.shards:
        path = folder / f"{shard}{Kept.PLANS}"
        origin = {"planner": planner.revision, "clips": revision([folder / f"{shard}.json"]), "longest": str(longest)}
        size = len(planner.tokenizer.audio_codes)
        if is_missing(path, origin, size):
            described = [describe(e.seed, seconds=e.seconds) for e in store.entries if e.shard == shard]
            short = [each for each in described if each.facts.seconds <= longest]
            planned = {each.seed: codes for each, codes in zip(short, plans(planner, short), strict=True)}
            keep(path, origin, size, [planned.get(each.seed, torch.empty(0)) for each in described])


def plans(planner: LoadedPlanner, songs: Sequence[Description]) -> list[torch.Tensor]:
    """Audio codes [codes] for the words and the metadata of songs, by the product's defaults."""
    device = next(planner.model.parameters()).device
    dtype = planner.model.embed_tokens.weight.dtype
    longest = max((each.facts.seconds for each in songs), default=0.0)
    cache = KeyValueCache(planner.model.config, _ROWS, _CONTEXT + code_count(longest), dtype=dtype, device=device)
    engine = PlannerEngine(planner.model, planner.tokenizer, cache, prefill_tokens=_PREFILL, deterministic=False)
    prompts, bounds = Prompts(planner.tokenizer), Bounds(max(int(longest), 1), lyric_tokens=0)
    try:
        found = _run(engine, [modes.plan(prompts, _wish(song), bounds) for song in songs])
    finally:
        engine.close()
    return [torch.tensor(codes, dtype=torch.int32) for codes in found]


def _wish(song: Description) -> PlanWish:
    facts = song.facts
    return PlanWish(
        caption=song.caption,
        lyrics=song.lyrics,
        given=Thought(
            bpm=facts.bpm,
            duration=int(facts.seconds),
            keyscale=str(facts.key),
            language=facts.language,
            timesignature=facts.style.meter,
        ),
        seconds=facts.seconds,
        write_metadata=True,
        rewrite_caption=True,
        detect_language=True,
        write_codes=True,
        sampling=TokenSampling(seed=song.seed),
    )


def _run(engine: PlannerEngine, scripts: Iterable[Script]) -> list[tuple[int, ...]]:
    """The codes of each script; as many run together as there are rows."""
    waiting = deque(enumerate(scripts))
    running: dict[int, Speaker] = {}
    found: dict[int, tuple[int, ...]] = {}
    while waiting or running:
        while waiting and (speaker := engine.join(waiting[0][1], _ticket())):
            running[waiting.popleft()[0]] = speaker
        engine.step()
        for number, speaker in [(n, s) for n, s in running.items() if s.ended]:
            if speaker.error:
                raise speaker.error
            found[number] = speaker.result.codes
            engine.leave(running.pop(number))
    return [found[number] for number in sorted(found)]


def _ticket() -> Ticket:
    """Nobody waits for a single one."""
    return Ticket(None, lambda _: None, lambda: None)


if __name__ == "__main__":
    try:
        main(load(PlansSettings, "quartet-train-plans"))
    except (CheckpointError, LatentStoreError, SettingsError) as error:
        sys.exit(f"error: {error}")
