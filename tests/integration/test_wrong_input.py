"""What clients and operators get wrong: each mistake has its clear error, and the servers go on serving."""

from __future__ import annotations

import contextlib
import math
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import soundfile
from google.protobuf import duration_pb2

from quartet import Client
from quartet.errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    QuartetError,
    UnavailableError,
    UnimplementedError,
    from_rpc_error,
)
from quartet.songs import SongSpec
from quartet.v1 import (
    dit_pb2,
    dit_pb2_grpc,
    encoder_pb2,
    encoder_pb2_grpc,
    music_pb2,
    music_pb2_grpc,
    planner_pb2,
    stage_pb2,
    tensor_pb2,
    vae_pb2,
    vae_pb2_grpc,
)
from tests.support.audio import tone, write_with_ffmpeg
from tests.support.processes import Start, wait_until

Stub = music_pb2_grpc.MusicServiceStub
CAPTION = "a slow piano over rain"


@pytest.fixture(scope="module")
def stub(gateway_address: str) -> Iterator[Stub]:
    with grpc.insecure_channel(gateway_address) as channel:
        yield Stub(channel)


@pytest.fixture(autouse=True)
def still_serving(gateway_address: str) -> Iterator[None]:
    """After every mistake the chain makes a song."""
    yield
    with Client(gateway_address) as client:
        assert client.generate(CAPTION, duration=1.0, steps=1).files


def seconds(value: float) -> duration_pb2.Duration:
    duration = duration_pb2.Duration()
    duration.FromNanoseconds(round(value * 1e9))
    return duration


def song(**changes: Any) -> music_pb2.SongSpec:
    fields: dict[str, Any] = {"caption": CAPTION, "duration": seconds(1), **changes}
    return music_pb2.SongSpec(**fields)


def refused(call: Callable[[], Any]) -> QuartetError:
    """The error that a call, or the stream that it returns, ends with."""
    with pytest.raises(grpc.RpcError) as failure:
        list(call())
    return from_rpc_error(failure.value)


def fields_of(error: QuartetError) -> dict[str, str]:
    assert isinstance(error, InvalidRequestError), error
    assert error.reason == "INVALID_REQUEST"
    return {violation.field: violation.description for violation in error.violations}


SAMPLING = music_pb2.SongSampling
THINKING = music_pb2.Thinking
UNKNOWN_FORM = THINKING.FromString(b"\x58\x09")  # field 11, value 9


def sampled(**settings: Any) -> music_pb2.Thinking:
    return THINKING(sampling=planner_pb2.TokenSampling(**settings))


OUTPUT = music_pb2.SongOutput
WRONG_SONGS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no words": ({"caption": "  ", "lyrics": ""}, "song.caption", "is empty, and so are the lyrics"),
    "long caption": ({"caption": "a" * 8193}, "song.caption", "8193 characters, at most 8192"),
    "long lyrics": ({"lyrics": "a" * 32_769}, "song.lyrics", "32769 characters, at most 32768"),
    "too short": ({"duration": seconds(0.9)}, "song.duration", "is 0.9, must be within 1 and 600"),
    "too long": ({"duration": seconds(601)}, "song.duration", "is 601, must be within 1 and 600"),
    "hot thoughts": ({"thinking": sampled(temperature=2.1)}, "song.thinking.sampling.temperature", "within 0 and 2"),
    "no thoughts left": ({"thinking": sampled(top_p=0)}, "song.thinking.sampling.top_p", "must be above 0"),
    "stern penalty": ({"thinking": sampled(repetition_penalty=3)}, "song.thinking.sampling.repetition_penalty", "0.5"),
    "unguided": ({"thinking": THINKING(guidance_scale=0.5)}, "song.thinking.guidance_scale", "within 1 and 10"),
    "unknown form": ({"thinking": UNKNOWN_FORM}, "song.thinking.prompt_form", "9 is not a known"),
    "more code seeds than items": ({"thinking": THINKING(code_seeds=[1, 2])}, "song.thinking.code_seeds", "2 seeds"),
    "long negative": ({"thinking": THINKING(negative_prompt="a" * 8193)}, "song.thinking.negative_prompt", "8193"),
    "9 items": ({"items": 9}, "song.items", "is 9, must be at most 8"),
    "more seeds than items": ({"items": 2, "seeds": [1, 2, 3]}, "song.seeds", "3 seeds where items is 2"),
    "slow bpm": ({"metadata": stage_pb2.Metadata(bpm=29)}, "song.metadata.bpm", "must be within 30 and 300"),
    "odd meter": ({"metadata": stage_pb2.Metadata(time_signature="7/8")}, "song.metadata.time_signature", "'7/8'"),
    "language": ({"metadata": stage_pb2.Metadata(vocal_language="xx")}, "song.metadata.vocal_language", "'xx'"),
    "two durations": (
        {"metadata": stage_pb2.Metadata(duration_seconds=30)},
        "song.metadata.duration_seconds",
        "is taken from song.duration",
    ),
    "201 steps": (
        {"sampling": SAMPLING(schedule=dit_pb2.Schedule(steps=201))},
        "song.sampling.schedule.steps",
        "at most 200",
    ),
    "NaN shift": (
        {"sampling": SAMPLING(schedule=dit_pb2.Schedule(shift=math.nan))},
        "song.sampling.schedule.shift",
        "is nan",
    ),
    "rising timesteps": (
        {"sampling": SAMPLING(schedule=dit_pb2.Schedule(timesteps=[0.5, 0.75]))},
        "song.sampling.schedule.timesteps",
        "must fall",
    ),
    "NaN timestep": (
        {"sampling": SAMPLING(schedule=dit_pb2.Schedule(timesteps=[1, math.nan]))},
        "song.sampling.schedule.timesteps",
        "above 0 and at most 1",
    ),
    "infinite guidance": (
        {"sampling": SAMPLING(guidance=dit_pb2.Guidance(scale=math.inf))},
        "song.sampling.guidance.scale",
        "is inf",
    ),
    "interval upside down": (
        {"sampling": SAMPLING(guidance=dit_pb2.Guidance(interval_start=0.8, interval_end=0.2))},
        "song.sampling.guidance.interval_start",
        "must not exceed",
    ),
    "unknown method": ({"sampling": SAMPLING(method=77)}, "song.sampling.method", "77"),  # type: ignore[arg-type]
    "NaN correction": (
        {"sampling": SAMPLING(wavelet_correction=dit_pb2.WaveletCorrection(low=math.nan))},
        "song.sampling.wavelet_correction.low",
        "is nan",
    ),
    "unknown wavelet": (
        {"sampling": SAMPLING(wavelet_correction=dit_pb2.WaveletCorrection(wavelet=9))},  # type: ignore[arg-type]
        "song.sampling.wavelet_correction.wavelet",
        "9 is not a known wavelet",
    ),
    "unknown wavelet mode": (
        {"sampling": SAMPLING(wavelet_correction=dit_pb2.WaveletCorrection(mode=9))},  # type: ignore[arg-type]
        "song.sampling.wavelet_correction.mode",
        "9 is not a known wavelet mode",
    ),
    "wide clamp": ({"sampling": SAMPLING(velocity_clamp=5.1)}, "song.sampling.velocity_clamp", "within 0 and 5"),
    "NaN clamp": ({"sampling": SAMPLING(velocity_clamp=math.nan)}, "song.sampling.velocity_clamp", "is nan"),
    "long memory": ({"sampling": SAMPLING(velocity_ema=0.6)}, "song.sampling.velocity_ema", "within 0 and 0.5"),
    "far shift": ({"sampling": SAMPLING(latent_shift=-0.21)}, "song.sampling.latent_shift", "within -0.2 and 0.2"),
    "NaN shift of latents": ({"sampling": SAMPLING(latent_shift=math.nan)}, "song.sampling.latent_shift", "is nan"),
    "no latents": ({"sampling": SAMPLING(latent_rescale=0)}, "song.sampling.latent_rescale", "within 0.5 and 1.5"),
    "unknown format": ({"output": OUTPUT(format=99)}, "song.output.format", "99"),  # type: ignore[arg-type]
    "loud peak": ({"output": OUTPUT(peak_dbfs=3)}, "song.output.peak_dbfs", "must be within -60 and 0"),
    "infinite peak": ({"output": OUTPUT(peak_dbfs=-math.inf)}, "song.output.peak_dbfs", "is -inf"),
    "fades that meet": (
        {"output": OUTPUT(fade_in=seconds(0.6), fade_out=seconds(0.6))},
        "song.output.fade_in",
        "1.2 s of a song of 1 s",
    ),
    "odd bit rate": (
        {"output": OUTPUT(format="AUDIO_FORMAT_MP3", mp3_bitrate_kbps=100)},
        "song.output.mp3_bitrate_kbps",
        "is 100, must be one of 128, 192, 256, 320",
    ),
    "bit rate of FLAC": ({"output": OUTPUT(mp3_bitrate_kbps=128)}, "song.output.mp3_bitrate_kbps", "only for MP3"),
    "odd sample rate": ({"output": OUTPUT(sample_rate=22_050)}, "song.output.sample_rate", "must be 44100 or 48000"),
    "Opus at 44.1 kHz": (
        {"output": OUTPUT(format="AUDIO_FORMAT_OPUS", sample_rate=44_100)},
        "song.output.sample_rate",
        "Opus files have 48000",
    ),
    "long title": ({"output": OUTPUT(title="a" * 257)}, "song.output.title", "257 characters, at most 256"),
    "negative fade": ({"output": OUTPUT(fade_out=seconds(-1))}, "song.output.fade_out", "is -1"),
}


@pytest.mark.parametrize("mistake", WRONG_SONGS)
def test_a_wrong_field_is_named(stub: Stub, mistake: str) -> None:
    changes, field, hint = WRONG_SONGS[mistake]
    error = refused(lambda: stub.Generate(music_pb2.GenerateRequest(song=song(**changes))))
    found = fields_of(error)
    assert list(found) == [field]
    assert hint in found[field]


def test_all_wrong_fields_are_named_at_once(stub: Stub) -> None:
    wrong = song(items=9, duration=seconds(601), output=OUTPUT(peak_dbfs=3))
    request = music_pb2.CreateJobRequest(song=wrong, request_id="x" * 129)
    assert set(fields_of(refused(lambda: stub.CreateJob(request)))) == {
        "song.items",
        "song.duration",
        "song.output.peak_dbfs",
        "request_id",
    }


def test_an_unknown_model(stub: Stub) -> None:
    error = refused(lambda: stub.CreateJob(music_pb2.CreateJobRequest(song=song(model="jukebox"))))
    assert isinstance(error, NotFoundError)
    assert error.resource == ("model", "jukebox")
    assert "acestep-v15-turbo" in error.message


@pytest.mark.parametrize("audio_id", ["nothing", "0" * 64, "../../../../etc/passwd"])
def test_unknown_audio(stub: Stub, audio_id: str) -> None:
    for error in (
        refused(lambda: stub.ReadAudio(music_pb2.ReadAudioRequest(audio_id=audio_id))),
        refused(lambda: stub.CreateJob(music_pb2.CreateJobRequest(song=song(reference_audio_id=audio_id)))),
    ):
        assert isinstance(error, NotFoundError)
        assert error.resource == ("audio", audio_id)


def test_unknown_jobs(stub: Stub) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: stub.GetJob(music_pb2.GetJobRequest(job_id="none")),
        lambda: stub.WatchJob(music_pb2.WatchJobRequest(job_id="none")),
        lambda: stub.CancelJob(music_pb2.CancelJobRequest(job_id="none")),
        lambda: stub.DeleteJob(music_pb2.DeleteJobRequest(job_id="none")),
    ]
    for call in calls:
        error = refused(call)
        assert isinstance(error, NotFoundError)
        assert error.resource == ("job", "none")


def test_wrong_pages(stub: Stub) -> None:
    request = music_pb2.ListJobsRequest(states=["JOB_STATE_UNSPECIFIED"], page_size=201, page_token="' OR 1=1")  # noqa: S106
    assert set(fields_of(refused(lambda: stub.ListJobs(request)))) == {"states", "page_size", "page_token"}


def test_a_range_beyond_the_file(stub: Stub, gateway_address: str) -> None:
    with Client(gateway_address) as client:
        item = client.generate(CAPTION, duration=1.0, steps=1).record.items[0]
    request = music_pb2.ReadAudioRequest(audio_id=item.audio_id, offset=item.bytes + 1)
    assert "beyond" in fields_of(refused(lambda: stub.ReadAudio(request)))["offset"]


def test_methods_that_come_later(stub: Stub) -> None:
    assert isinstance(refused(lambda: stub.ListAdapters(music_pb2.ListAdaptersRequest())), UnimplementedError)


def flac(folder: Path, length: int = 48_000) -> bytes:
    noise = np.random.default_rng(0).uniform(-1, 1, (length, 2))
    soundfile.write(folder / "a.flac", noise, 48_000)
    return (folder / "a.flac").read_bytes()


def upload(data: bytes, announced: int | None = None) -> Iterator[music_pb2.UploadAudioRequest]:
    size = len(data) if announced is None else announced
    yield music_pb2.UploadAudioRequest(header=music_pb2.AudioUpload(bytes=size))
    yield music_pb2.UploadAudioRequest(data=data)


def refused_upload(stub: Stub, parts: Iterator[music_pb2.UploadAudioRequest]) -> dict[str, str]:
    return fields_of(refused(lambda: [stub.UploadAudio(parts)]))


def test_uploads_that_are_no_audio(stub: Stub, tmp_path: Path) -> None:
    whole = flac(tmp_path)
    assert "audio" in refused_upload(stub, upload(b"These are only words.\n" * 50))["data"]
    assert refused_upload(stub, upload(whole[: len(whole) // 2]))["data"]
    assert "at most 900 s" in refused_upload(stub, upload(long_silence(tmp_path)))["data"]


@pytest.mark.parametrize(("codec", "container"), [("aac", "ipod"), ("aac", "adts"), ("libopus", "webm")])
def test_mutilated_uploads(stub: Stub, tmp_path: Path, codec: str, container: str) -> None:
    """Each is taken or refused, and the gateway lives."""
    whole = write_with_ffmpeg(tmp_path / "a", tone(0.5, 48_000, 2), 48_000, codec, container).read_bytes()
    draw = np.random.default_rng(0)
    for _ in range(20):
        data = bytearray(whole)
        for place in draw.integers(0, min(len(data), 600), 4):
            data[place] = draw.integers(0, 256)
        with contextlib.suppress(grpc.RpcError):
            assert stub.UploadAudio(upload(bytes(data[: draw.integers(1, len(data) + 1)]))).sample_rate
    assert stub.UploadAudio(upload(whole)).sample_rate == 48_000
    with pytest.raises(grpc.RpcError) as refused:
        stub.UploadAudio(upload(whole[: len(whole) // 20]))
    assert isinstance(from_rpc_error(refused.value), InvalidRequestError)


def long_silence(folder: Path) -> bytes:
    soundfile.write(folder / "long.flac", np.zeros(8000 * 901), 8000)
    return (folder / "long.flac").read_bytes()


def test_uploads_that_lie_about_their_size(stub: Stub, tmp_path: Path) -> None:
    whole = flac(tmp_path)
    assert "ends after" in refused_upload(stub, upload(whole, announced=len(whole) + 1))["data"]
    assert "exceeds" in refused_upload(stub, upload(whole, announced=len(whole) - 1))["data"]
    assert "must be within" in refused_upload(stub, upload(whole, announced=2**40))["header.bytes"]
    assert "first message" in refused_upload(stub, iter([music_pb2.UploadAudioRequest(data=whole)]))["header"]


def test_silence_as_reference(stub: Stub, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((48_000, 2)), 48_000)
    uploaded = stub.UploadAudio(upload((tmp_path / "a.wav").read_bytes()))
    request = music_pb2.GenerateRequest(song=song(reference_audio_id=uploaded.audio_id))
    error = refused(lambda: stub.Generate(request))
    assert isinstance(error, InvalidRequestError)
    assert "song.reference_audio_id: is silent" in error.message


def test_tensors_that_lie(encoder_address: str, dit_address: str, vae_address: str) -> None:
    lie = tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[4, 8], data=bytes(100))
    huge = tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[2**31 - 1] * 8, data=bytes(4))
    not_finite = tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[1, 8], data=struct.pack("<8f", *[math.nan] * 8))
    for tensor in (lie, huge, not_finite):
        with grpc.insecure_channel(vae_address) as channel:
            vae = vae_pb2_grpc.VaeServiceStub(channel)
            assert "latents" in fields_of(refused(lambda: vae.Decode(vae_pb2.DecodeRequest(latents=tensor))))  # noqa: B023
        with grpc.insecure_channel(dit_address) as channel:
            dit = dit_pb2_grpc.DitServiceStub(channel)
            request = dit_pb2.SampleRequest(condition=tensor, frames=25)
            assert "condition" in fields_of(refused(lambda: dit.Sample(request)))  # noqa: B023
        with grpc.insecure_channel(encoder_address) as channel:
            encoder = encoder_pb2_grpc.EncoderServiceStub(channel)
            prompt = encoder_pb2.EncodeRequest(caption="x", reference_latents=[tensor])
            assert fields_of(refused(lambda: [encoder.Encode(prompt)]))  # noqa: B023


def test_a_deadline_that_is_too_short(stub: Stub) -> None:
    request = music_pb2.GenerateRequest(
        song=song(duration=seconds(600), sampling=SAMPLING(schedule=dit_pb2.Schedule(steps=200)))
    )
    with pytest.raises(grpc.RpcError) as failure:
        list(stub.Generate(request, timeout=1.0))
    assert isinstance(from_rpc_error(failure.value), DeadlineError)


def test_a_job_that_takes_longer_than_jobs_may(start_gateway: Start) -> None:
    with start_gateway("--max-job-seconds", "1") as server, Client(server.address) as client:
        with pytest.raises(DeadlineError) as failure:
            client.generate(CAPTION, duration=300.0, steps=200)
        job = client.jobs().jobs[0]
        assert job.failure is not None
        assert job.failure.reason == failure.value.reason


def test_a_client_that_vanishes_mid_stream(gateway_address: str, dit_address: str) -> None:
    script = f"""
import os
from quartet import Client
for event in Client({gateway_address!r}).stream("x", duration=300.0, steps=200):
    if getattr(event, "stage", "") == "sample":
        os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    with grpc.insecure_channel(dit_address) as channel:
        dit = dit_pb2_grpc.DitServiceStub(channel)
        request = dit_pb2.DitServiceGetInfoRequest()
        wait_until(lambda: dit.GetInfo(request).info.load.running_items == 0)
        assert dit.GetInfo(request).info.steps_computed > 0
    with Client(gateway_address) as client:
        assert client.jobs().jobs[0].state == "cancelled"


@pytest.mark.parametrize("stage", ["encoder", "dit", "vae"])
def test_a_stage_that_is_down(start_gateway: Start, stage: str) -> None:
    with socket.socket() as nobody:  # bound, so that nobody takes it; not listening, so that nobody answers
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with start_gateway(f"--{stage}", address) as server, Client(server.address) as client:
            with pytest.raises(UnavailableError) as failure:
                client.generate(SongSpec(CAPTION, duration=1.0))
            assert failure.value.stage == stage
            assert failure.value.message == f"the {stage} stage at {address} does not answer"
            down = {replica.stage: replica.problem for replica in client.capacity().replicas if not replica.ready}
            assert list(down) == [stage]
            assert address in down[stage]
            for job in client.jobs().jobs:
                assert job.failure is not None
                assert (job.failure.stage, job.failure.reason) == (stage, "STAGE_UNAVAILABLE")
