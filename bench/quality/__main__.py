"""`python -m bench.quality MODELS`: how musical a model family is, measured through the product on held-out prompts.

Starts `quartet up` on the folder and asks it for songs as a user does; what the gateway does not offer is asked of the
stages. Writes `quality.md`, `quality.json`, pictures and the songs to `--output`; the report is complete after every
section. Small numbers make it quick. The classifier of styles is fitted once and kept there too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.quality import codec, edits, plans, report, songs, tracks
from bench.quality.evaluation import Evaluation, Outcome, Section, Size
from bench.quality.plots import draw
from bench.quality.report import Part
from bench.quality.stages import NotOfferedError, Stages
from bench.quality.style import StyleClassifier, classifier_of_generator
from bench.servers import up
from quartet import Client
from quartet.errors import InvalidRequestError, UnimplementedError

SECTIONS = {section.name: section for part in (songs, plans, codec, edits, tracks) for section in part.sections()}


def main() -> None:
    """Measures and writes the report."""
    usual = Size()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, help="folder of a model family")
    parser.add_argument("--output", type=Path, default=Path("out/quality"), help="where the report goes")
    parser.add_argument("--prompts", type=int, default=usual.prompts, help="prompts for songs and plans")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="songs of each prompt")
    parser.add_argument("--clips", type=int, default=usual.clips, help="clips for what takes a recording")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of songs and clips")
    parser.add_argument(
        "--at-once",
        type=int,
        choices=range(1, 33),
        metavar="N",
        default=usual.at_once,
        help="songs that are asked for at once",
    )
    parser.add_argument("--steps", type=int, default=usual.steps, help="sampling steps; 0 takes the model's own")
    parser.add_argument("--classifier-clips", type=int, default=480, help="clips that the style classifier learns from")
    parser.add_argument("--only", nargs="+", choices=tuple(SECTIONS), default=tuple(SECTIONS), help="some sections")
    parser.add_argument("--variant", help="DiT variant within the family")
    arguments = parser.parse_args()
    size = Size(
        arguments.prompts, arguments.rounds, arguments.clips, arguments.seconds, arguments.at_once, arguments.steps
    )
    classifier = classifier_of_generator(arguments.output, arguments.classifier_clips, size.seconds)
    flags = ("--variant", arguments.variant) if arguments.variant else ()
    with serving(arguments.models, flags, classifier, size, arguments.output) as evaluation:
        print(evaluate(evaluation, arguments.models.name, [SECTIONS[name] for name in arguments.only]).read_text())


@contextmanager
def serving(
    models: Path, flags: Sequence[str], classifier: StyleClassifier, size: Size, folder: Path
) -> Iterator[Evaluation]:
    """The whole chain, with a planner where the family has one."""
    with up(models, *flags, planner=True) as chain, Client(chain.address, timeout=None) as client:
        addresses = {replica.stage: replica.address for replica in client.capacity().replicas}
        with Stages.connected(addresses) as stages:
            yield Evaluation(client, stages, classifier, size, folder)


def evaluate(evaluation: Evaluation, family: str, sections: Sequence[Section]) -> Path:
    """Measures section after section; returns the report, which is there after each."""
    parts: list[Part] = []
    pictures: list[Path] = []
    for section in sections:
        print(f"{section.title} …", flush=True)
        parts.append(_measured(section, evaluation, {part.section.name: part.outcome for part in parts}))
        pictures += draw(evaluation.folder, {section.name: parts[-1].outcome})
        target = report.write(evaluation.folder, evaluation, family, parts, pictures)
    return target


def _measured(section: Section, evaluation: Evaluation, earlier: dict[str, Outcome]) -> Part:
    """A section, or the sentence that says why the product cannot do it. What breaks, breaks the evaluation."""
    try:
        return Part(section, section.measure(evaluation, earlier))
    except NotOfferedError as refusal:
        return Part(section, Outcome(), str(refusal))
    except (InvalidRequestError, UnimplementedError) as refusal:
        return Part(section, Outcome(), f"the servers refuse it: {refusal.message}")


if __name__ == "__main__":
    main()
