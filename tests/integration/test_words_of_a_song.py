"""Which words reach which network: what the gateway says to each stage while it makes a planned song."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import yaml

from quartet import Client, Record, SongSpec, Thinking
from quartet.v1 import dit_pb2, encoder_pb2, planner_pb2
from tests.support.processes import Start
from tests.support.recording import Recorder, recording

SONG = SongSpec("rain on a tin roof", "[Verse]\nlet it rain", duration=2.4, bpm=96, seeds=(11,), steps=1)
# spec/model.md §4.2
FOLLOW_CODES = "Generate audio semantic tokens based on the given conditions:"


@dataclass(frozen=True)
class Wire:
    """Recorders in front of the stages, and a client of the gateway behind which they are."""

    planner: Recorder
    encoder: Recorder
    dit: Recorder
    client: Client

    def make(self, thinking: Thinking) -> Record:
        return self.client.generate(dataclasses.replace(SONG, thinking=thinking)).record


@pytest.fixture
def wire(planner_address: str, encoder_address: str, dit_address: str, start_gateway: Start) -> Iterator[Wire]:
    with ExitStack() as stack:
        addresses = {"planner": planner_address, "encoder": encoder_address, "dit": dit_address}
        stages = {name: stack.enter_context(recording(address)) for name, address in addresses.items()}
        flags = [part for name, recorder in stages.items() for part in (f"--{name}", recorder.address)]
        gateway = stack.enter_context(start_gateway(*flags))
        yield Wire(client=stack.enter_context(Client(gateway.address)), **stages)


def test_the_planner_reads_the_users_words_and_the_encoder_the_plans(wire: Wire) -> None:
    record = wire.make(Thinking())
    blueprint, (item,) = record.plan.blueprint, record.items
    assert blueprint.caption != SONG.caption

    metadata, codes = wire.planner.requests("Plan", planner_pb2.PlanRequest)
    assert metadata.rewrite_caption
    assert metadata.detect_language
    assert not metadata.write_codes
    assert codes.write_codes
    for request in (metadata, codes):
        assert (request.given.caption, request.given.lyrics) == (SONG.caption, SONG.lyrics)
        assert (request.given.metadata.bpm, request.given.metadata.vocal_language) == (SONG.bpm, "")
    assert codes.thought == record.plan.thought
    thought = yaml.load(codes.thought, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    assert (thought["caption"], thought["language"]) == (blueprint.caption, blueprint.vocal_language)

    (words,) = wire.encoder.requests("Encode", encoder_pb2.EncodeRequest)
    assert words.instruction == FOLLOW_CODES
    assert (words.caption, words.lyrics) == (blueprint.caption, SONG.lyrics)
    found = words.metadata
    assert found.vocal_language == blueprint.vocal_language != ""
    assert (found.bpm, found.key_scale, found.time_signature, found.duration_seconds) == (
        SONG.bpm,
        blueprint.key_scale,
        blueprint.time_signature,
        SONG.duration,
    )

    (followed,) = wire.encoder.requests("Detokenize", encoder_pb2.DetokenizeRequest)
    assert tuple(followed.codes) == item.codes
    (hints,) = wire.encoder.responses("Detokenize", encoder_pb2.DetokenizeResponse)
    (condition,) = wire.encoder.responses("Encode", encoder_pb2.EncodeResponse)
    (sampled,) = wire.dit.requests("Sample", dit_pb2.SampleRequest)
    assert sampled.source_latents == hints.latents
    assert sampled.condition == condition.condition


def test_a_caption_that_is_kept_reaches_both(wire: Wire) -> None:
    record = wire.make(Thinking(rewrite_caption=False))
    (words,) = wire.encoder.requests("Encode", encoder_pb2.EncodeRequest)
    assert words.caption == SONG.caption == record.plan.blueprint.caption
    assert words.metadata.vocal_language == record.plan.blueprint.vocal_language != ""
    assert "caption" not in record.plan.thought


def test_without_codes_the_music_follows_the_words_alone(wire: Wire) -> None:
    record = wire.make(Thinking(think=False))
    (words,) = wire.encoder.requests("Encode", encoder_pb2.EncodeRequest)
    assert words.instruction == ""
    assert words.caption == record.plan.blueprint.caption != SONG.caption
    assert wire.encoder.requests("Detokenize", encoder_pb2.DetokenizeRequest) == []
    (sampled,) = wire.dit.requests("Sample", dit_pb2.SampleRequest)
    assert not sampled.HasField("source_latents")
