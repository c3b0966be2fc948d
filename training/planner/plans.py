"""`python -m training.planner.plans`: keeps the audio codes that a planner writes for the words of clips.

They are what the product gets when it thinks: mostly right, and wrong in the planner's own way. A transformer that has
learned from them knows how far to follow them. Only clips that the planner has not learned from tell that.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from services.planner import checkpoint, modes
from services.planner.cache import KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.codes import whole_seconds
from services.planner.engine import PlannerEngine, Speaker
from services.planner.modes import Bounds, PlanWish
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.tasks import Script
from services.runtime.checkpoints import CheckpointError, revision
from services.runtime.items import Ticket
from serving.settings import SettingsError, load, setting
from training.interruption import interruption
from training.latents import LatentStore, LatentStoreError
from training.machine import MachineSettings
from training.model_configs import NANO_PLANNER_NAME
from training.planner.codes import Kept, is_missing, keep
from training.planner.examples import metadata_of
from training.synth.clip import Description, describe

_ROWS, _PREFILL = 32, 256


@dataclass(frozen=True)
class PlansSettings(MachineSettings):
    """Plans the clips of a folder of latents with the planner of a family."""

    data: Path = setting(Path("out/nano/latents"), "folder of latents whose clips are planned")
    models: Path = setting(Path("out/nano/models"), "model family of the planner")
    name: str = setting(NANO_PLANNER_NAME, "name of the planner")
    longest: float = setting(30.0, "seconds of the longest clip that is planned", at_least=1)


def main(settings: PlansSettings) -> bool:
    """Keeps the codes of what is not planned yet; after SIGTERM or SIGINT only of the shard that was begun.

    Returns whether all are there. Raises CheckpointError or LatentStoreError.
    """
    settings.use_threads()
    planner = checkpoint.load(
        settings.models,
        settings.name,
        dtype=settings.torch_dtype(),
        device=torch.device(settings.device),
    )
    with interruption() as interrupted:
        return keep_plans(settings.data, planner, longest=settings.longest, interrupted=interrupted.is_set)


def keep_plans(
    folder: Path, planner: LoadedPlanner, *, longest: float, interrupted: Callable[[], bool] = lambda: False
) -> bool:
    """Keeps the codes that a planner writes for the words of each clip of a folder; none for clips that are longer.

    Returns whether all are there: an interruption is looked for between shards.
    """
    store = LatentStore.open(folder)
    for shard in store.shards:
        if interrupted():
            return False
        path = folder / f"{shard}{Kept.PLANS}"
        origin = {"planner": planner.revision, "clips": revision([folder / f"{shard}.json"]), "longest": str(longest)}
        size = len(planner.tokenizer.audio_codes)
        if is_missing(path, origin, size):
            described = [describe(e.seed, seconds=e.seconds) for e in store.entries if e.shard == shard]
            planned = plans(planner, [each for each in described if each.facts.seconds <= longest])
            none = torch.empty(0, dtype=torch.int32)
            keep(path, origin, size, [planned.get(each.seed, none) for each in described])
    return True


def plans(planner: LoadedPlanner, songs: Sequence[Description]) -> Mapping[int, torch.Tensor]:
    """Audio codes [codes] for the words and the metadata of songs, by their seeds and by the product's defaults.

    Raises LatentStoreError with the seed of a song that cannot be planned.
    """
    if not songs:
        return {}
    prompts, longest = Prompts(planner.tokenizer), max(whole_seconds(song.facts.seconds) for song in songs)
    scripts = {song.seed: modes.plan(prompts, _wish(song), Bounds(longest, lyric_tokens=0)) for song in songs}
    weight = planner.model.embed_tokens.weight
    context = max(script.tokens for script in scripts.values())
    cache = KeyValueCache(planner.model.config, _ROWS, context, dtype=weight.dtype, device=weight.device)
    engine = PlannerEngine(planner.model, planner.tokenizer, cache, prefill_tokens=_PREFILL, deterministic=False)
    try:
        found = _run(engine, scripts)
    finally:
        engine.close()
    return {seed: torch.tensor(codes, dtype=torch.int32) for seed, codes in found.items()}


def _wish(song: Description) -> PlanWish:
    return PlanWish(
        caption=song.caption,
        lyrics=song.lyrics,
        given=metadata_of(song.facts),
        seconds=song.facts.seconds,
        write_metadata=True,
        rewrite_caption=True,
        detect_language=True,
        write_codes=True,
        sampling=TokenSampling(seed=song.seed),
    )


def _run(engine: PlannerEngine, scripts: Mapping[int, Script]) -> Mapping[int, tuple[int, ...]]:
    """The codes of each script by its seed; as many run together as there are rows."""
    waiting = deque(scripts.items())
    running: dict[int, Speaker] = {}
    found: dict[int, tuple[int, ...]] = {}
    while waiting or running:
        while waiting and (speaker := engine.join(waiting[0][1], _ticket())):
            running[waiting.popleft()[0]] = speaker
        engine.step()
        for seed, speaker in [(seed, speaker) for seed, speaker in running.items() if speaker.ended]:
            if speaker.error:
                raise LatentStoreError(f"the clip of seed {seed} cannot be planned: {speaker.error}")
            found[seed] = speaker.result.codes
            engine.leave(running.pop(seed))
    return found


def _ticket() -> Ticket:
    """Nobody waits for a single one."""
    return Ticket(None, lambda _: None, lambda: None)


if __name__ == "__main__":
    try:
        if not main(load(PlansSettings, "quartet-train-plans")):
            print("was interrupted; run it again to go on")
    except (CheckpointError, LatentStoreError, SettingsError) as error:
        sys.exit(f"error: {error}")
