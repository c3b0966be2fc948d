"""EncoderService on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from quartet import tensors
from quartet.errors import DeadlineError, InvalidRequestError, NotFoundError, from_rpc_error
from quartet.v1 import encoder_pb2, encoder_pb2_grpc, stage_pb2, tensor_pb2
from tests.support.processes import running


@pytest.fixture
def stub(encoder_address: str) -> Iterator[encoder_pb2_grpc.EncoderServiceStub]:
    with grpc.insecure_channel(encoder_address) as channel:
        yield encoder_pb2_grpc.EncoderServiceStub(channel)


Stub = encoder_pb2_grpc.EncoderServiceStub
WORDS = encoder_pb2.EncodeRequest(caption="a waltz", lyrics="la la", metadata=stage_pb2.Metadata(bpm=90))


def latents(frames: int, seed: int = 0) -> tensor_pb2.Tensor:
    return tensors.encode(np.random.default_rng(seed).standard_normal((frames, 8)).astype(np.float32))


def violations(stub: Stub, request: encoder_pb2.EncodeRequest) -> set[str]:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Encode(request)
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    return {violation.field for violation in error.violations}


def test_a_condition_is_lyrics_timbre_and_text(stub: Stub) -> None:
    reply = stub.Encode(encoder_pb2.EncodeRequest(caption="a condition of its own", lyrics="la la"))
    condition, null = tensors.decode(reply.condition), tensors.decode(reply.null_condition)
    assert condition.shape == (reply.lyric_tokens + 1 + reply.text_tokens, 32)
    assert null.shape == (1, 32)
    assert not reply.text_truncated
    assert reply.report.batch_size == 1
    assert 0 < reply.report.compute_ns <= reply.report.total_ns
    assert reply.report.model.id == "acestep-v15-turbo"
    assert len(reply.report.model.revision) == 16


def test_the_same_words_give_the_same_bytes(stub: Stub) -> None:
    assert stub.Encode(WORDS).condition == stub.Encode(WORDS).condition


def counts(stub: Stub) -> encoder_pb2.ConditionCache:
    return stub.GetInfo(encoder_pb2.EncoderServiceGetInfoRequest()).cache


def test_a_repeated_request_is_not_computed_again(stub: Stub) -> None:
    request = encoder_pb2.EncodeRequest(caption="asked for twice", lyrics="la", reference_latents=[latents(750)])
    before = counts(stub)
    first, second = stub.Encode(request), stub.Encode(request)
    assert (first.condition, first.null_condition) == (second.condition, second.null_condition)
    assert first.report.compute_ns > 0
    assert second.report.compute_ns == 0
    request.reference_latents[0].CopyFrom(latents(750, seed=1))
    assert stub.Encode(request).report.compute_ns > 0
    after = counts(stub)
    assert (after.hits - before.hits, after.misses - before.misses) == (1, 2)
    assert after.held_bytes > before.held_bytes


def test_equal_requests_at_once_are_computed_once(stub: Stub) -> None:
    request = encoder_pb2.EncodeRequest(caption="asked for by many", lyrics="la\n" * 500)
    before = counts(stub)
    replies = [call.result() for call in [stub.Encode.future(request) for _ in range(8)]]
    assert len({reply.condition.data for reply in replies}) == 1
    after = counts(stub)
    assert after.misses - before.misses == 1
    assert after.hits + after.shared - before.hits - before.shared == 7


def test_nothing_is_kept_where_nothing_is_to_be_kept(tiny_models: Path) -> None:
    flags = ("--models", str(tiny_models), "--cache-mib", "0")
    with running("services.encoder", *flags) as server, grpc.insecure_channel(server.address) as channel:
        fresh = Stub(channel)
        first, second = fresh.Encode(WORDS), fresh.Encode(WORDS)
        assert first.condition == second.condition
        assert second.report.compute_ns > 0
        assert counts(fresh).held_bytes == 0


def test_a_reference_changes_only_the_timbre(stub: Stub) -> None:
    without = tensors.decode(stub.Encode(WORDS).condition)
    request = encoder_pb2.EncodeRequest()
    request.CopyFrom(WORDS)
    request.reference_latents.append(latents(750))
    reply = stub.Encode(request)
    changed = (tensors.decode(reply.condition) != without).any(axis=1)
    assert changed.nonzero()[0].tolist() == [reply.lyric_tokens]


def test_long_lyrics_are_cut_and_said_to_be(stub: Stub) -> None:
    reply = stub.Encode(encoder_pb2.EncodeRequest(caption="x", lyrics="la " * 5000))
    assert reply.lyrics_truncated
    assert reply.lyric_tokens == 2048


@pytest.mark.parametrize(
    "lyrics",
    ["[Verse]\nla la, the piano\n\nanother line ", "私は歌う\nπ🎹 and é", "", "\n", " <|endoftext|> after the end"],
)
@pytest.mark.parametrize("language", ["", "ja"])
def test_lyric_tokens_say_where_they_stand(stub: Stub, lyrics: str, language: str) -> None:
    """Their spans follow one another and leave out no character; those of the frame are empty."""
    request = encoder_pb2.EncodeRequest(lyrics=lyrics, metadata=stage_pb2.Metadata(vocal_language=language))
    reply = stub.Encode(request)
    spans = [(span.start, span.end) for span in reply.lyric_token_spans]
    assert len(spans) == reply.lyric_tokens
    assert spans[0] == (0, 0)
    assert spans[-1][0] == spans[-1][1]
    covering = [(start, end) for start, end in spans if start < end]
    assert covering == sorted(covering)
    assert set().union(*(range(start, end) for start, end in covering)) == set(range(len(lyrics)))


def test_a_word_that_is_one_token_is_its_span(stub: Stub) -> None:
    lyrics = "la la, the piano"
    spans = stub.Encode(encoder_pb2.EncodeRequest(lyrics=lyrics)).lyric_token_spans
    assert {" the", "piano"} <= {lyrics[span.start : span.end] for span in spans}


def test_spans_of_equal_texts_with_other_headers_are_not_mixed_up(stub: Stub) -> None:
    """Both prompts are the same text, so that the second finds the condition of the first."""
    mimic, plain = "en\n\n# Lyric\nla", "la"
    first = stub.Encode(
        encoder_pb2.EncodeRequest(lyrics=plain, metadata=stage_pb2.Metadata(vocal_language=mimic))
    ).lyric_token_spans
    inner = f"{plain}\n\n# Lyric\n{plain}"
    second = stub.Encode(
        encoder_pb2.EncodeRequest(lyrics=inner, metadata=stage_pb2.Metadata(vocal_language="en"))
    ).lyric_token_spans
    assert max(span.end for span in first) == len(plain)
    assert max(span.end for span in second) == len(inner)


def test_spans_end_where_long_lyrics_are_cut(stub: Stub) -> None:
    reply = stub.Encode(encoder_pb2.EncodeRequest(caption="x", lyrics="la " * 5000))
    assert len(reply.lyric_token_spans) == reply.lyric_tokens
    assert 1000 < max(span.end for span in reply.lyric_token_spans) < 15_000


def test_codes_survive_the_way_to_hints_in_length(stub: Stub) -> None:
    codes = stub.Tokenize(encoder_pb2.TokenizeRequest(latents=latents(13))).codes
    assert len(codes) == 3
    hints = stub.Detokenize(encoder_pb2.DetokenizeRequest(codes=codes)).latents
    assert tensors.decode(hints).shape == (15, 8)


def test_every_invalid_field_is_listed(stub: Stub) -> None:
    nan = np.full((10, 8), np.nan, np.float32)
    request = encoder_pb2.EncodeRequest(
        caption="x" * 8193,
        lyrics="x" * 32_769,
        instruction="x" * 1025,
        metadata=stage_pb2.Metadata(bpm=29, key_scale="x" * 65, duration_seconds=float("inf")),
        reference_latents=[tensors.encode(nan), latents(751), latents(10)],
    )
    assert violations(stub, request) == {
        "caption",
        "lyrics",
        "instruction",
        "metadata.bpm",
        "metadata.key_scale",
        "metadata.duration_seconds",
        "reference_latents[0]",
        "reference_latents[1]",
    }


def test_a_tensor_whose_bytes_lie_is_refused(stub: Stub) -> None:
    lie = tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[750, 8], data=b"1234")
    assert violations(stub, encoder_pb2.EncodeRequest(caption="x", reference_latents=[lie])) == {"reference_latents[0]"}


@pytest.mark.parametrize("codes", [[], [64_000], [0] * 3001])
def test_codes_that_cannot_be(stub: Stub, codes: list[int]) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Detokenize(encoder_pb2.DetokenizeRequest(codes=codes))
    error = from_rpc_error(refused.value)
    assert [violation.field for violation in error.violations] == ["codes"]


def test_an_unknown_model_is_named_with_what_there_is(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Encode(encoder_pb2.EncodeRequest(model="other", caption="x"))
    error = from_rpc_error(refused.value)
    assert isinstance(error, NotFoundError)
    assert error.resource == ("model", "other")
    assert "acestep-v15-turbo" in error.message


def test_a_deadline_that_is_too_short(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Encode(encoder_pb2.EncodeRequest(caption="too late"), timeout=0.0005)
    assert isinstance(from_rpc_error(refused.value), DeadlineError)


def test_info_tells_limits_and_counts_prompts(stub: Stub) -> None:
    before = stub.GetInfo(encoder_pb2.EncoderServiceGetInfoRequest()).info
    stub.Encode(encoder_pb2.EncodeRequest(caption="counted"))
    after = stub.GetInfo(encoder_pb2.EncoderServiceGetInfoRequest()).info
    assert after.steps_computed == before.steps_computed + 1
    limits = {limit.name: limit.value for limit in after.limits}
    assert limits["reference_frames"] == 750
    assert limits["max_codes"] == 3000
