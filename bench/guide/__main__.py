"""`python -m bench.guide MODELS`: the sound of docs/guide, from a model family that knows single tracks.

Renders a song from a seed, starts `quartet up`, gives the song to every task, measures what comes back, draws it, and
writes the numbers into the pages. The sound itself goes to `--sounds`. `--only` does some pages and keeps the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.guide import from_sources, from_words, over_time, tracks
from bench.guide.readings import Measurements, Page
from bench.guide.scene import Scene
from bench.quality.stages import Stages
from bench.servers import up
from quartet import Client

MEASUREMENTS = "measurements.json"
PAGES: Mapping[str, Callable[[Scene, Path], Page]] = {
    "song": from_words.song,
    "cover": from_sources.cover,
    "repaint": from_sources.repaint,
    "extend": from_sources.extend,
    "extract": tracks.extract,
    "lego": tracks.lego,
    "complete": tracks.complete,
    "retake": from_words.retake,
    "edit": from_sources.edit,
    "remix": from_sources.remix,
    "reference": from_words.reference,
    "codes": from_words.codes,
    "lyrics-timing": over_time.lyrics_timing,
    "chains": over_time.chains,
}


def main() -> None:
    """Measures, draws and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, help="folder of a model family")
    parser.add_argument("--variant", default="acestep-v15-base", help="DiT variant within the family")
    parser.add_argument("--family", help="what the family is, for readers; its folder's name otherwise")
    parser.add_argument("--guide", type=Path, default=Path("docs/guide"), help="folder of the pages")
    parser.add_argument("--sounds", type=Path, default=Path("out/guide"), help="where the sound goes")
    parser.add_argument("--only", nargs="+", choices=tuple(PAGES), default=tuple(PAGES), help="some pages")
    arguments = parser.parse_args()
    file = arguments.guide / MEASUREMENTS
    before = Measurements.load(file).pages if file.exists() else {}
    with up(arguments.models, "--variant", arguments.variant) as chain, Client(chain.address, timeout=None) as client:
        capacity = client.capacity()
        with Stages.connected({replica.stage: replica.address for replica in capacity.replicas}) as stages:
            scene = Scene(client, stages, arguments.sounds)
            found: dict[str, Page] = {}
            for name in arguments.only:
                found[name] = PAGES[name](scene, arguments.guide / f"{name}.png")
                print(f"{name}: {len(found[name].readings)} readings", flush=True)
    models = {stage: ", ".join(map(str, there)) for stage, there in capacity.models.items()}
    pages = {name: found.get(name) or before[name] for name in PAGES if name in found or name in before}
    measurements = Measurements(arguments.family or arguments.models.name, models, pages)
    measurements.save(file)
    measurements.write_into(arguments.guide)


if __name__ == "__main__":
    main()
