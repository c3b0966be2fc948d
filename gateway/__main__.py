"""`python -m gateway`: serves MusicService with the stages behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import grpc.aio

from gateway.admission import Admission
from gateway.artifacts import ArtifactStore
from gateway.folder import locked
from gateway.library import AudioLibrary
from gateway.renditions import Renditions
from gateway.retention import sweeping
from gateway.runner import JobRunner, RunnerLimits
from gateway.scorer import Scorer
from gateway.servicer import MusicServicer
from gateway.settings import GatewaySettings
from gateway.stages import Stages
from gateway.store import JobStore
from gateway.transcriber import Transcriber
from gateway.uploads import UploadLimits, Uploads
from gateway.writer import Writer
from quartet.v1 import music_pb2, music_pb2_grpc
from serving import server
from serving.server import Application
from serving.telemetry import Telemetry

SERVICES = (music_pb2.DESCRIPTOR.services_by_name["MusicService"].full_name,)


def application(settings: GatewaySettings) -> Application:
    """The gateway's application: opens its store, takes up unfinished jobs, serves."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[Callable[[], None]]:
        planner = {"planner": settings.planner} if settings.planner else {}
        addresses = {**planner, "encoder": settings.encoder, "dit": settings.dit, "vae": settings.vae}
        runner_limits = RunnerLimits(settings.max_running_jobs, settings.max_queued_jobs, settings.max_upload_seconds)
        limits = UploadLimits(settings.max_upload_bytes, settings.max_upload_seconds, settings.max_stored_upload_bytes)
        async with AsyncExitStack() as stack:
            stack.enter_context(locked(settings.data))
            artifacts = ArtifactStore(settings.data / "audio")
            store = await stack.enter_async_context(JobStore.opened(settings.data / "jobs.sqlite"))
            library = AudioLibrary(store, artifacts)
            await library.release_lost()
            if settings.upload_retention_seconds:
                await stack.enter_async_context(sweeping(library, settings.upload_retention_seconds))
            stages = await stack.enter_async_context(Stages.connected(addresses, telemetry))
            readers = asyncio.Semaphore(settings.max_running_jobs)
            renditions = Renditions(stages, artifacts, settings.max_upload_seconds, readers)
            runner = await stack.enter_async_context(
                JobRunner(store, artifacts, library, stages, telemetry, runner_limits)
            )
            admission = Admission(
                runner, artifacts, library, stages, settings.max_upload_seconds, settings.max_job_seconds
            )
            servicer = MusicServicer(  # type: ignore[abstract]  # what it leaves out answers UNIMPLEMENTED
                admission,
                runner,
                store,
                artifacts,
                library,
                stages,
                Writer(stages, artifacts, readers),
                Scorer(stages, renditions),
                Transcriber(stages, renditions),
                Uploads(artifacts, library, limits),
                settings.max_job_seconds,
            )
            music_pb2_grpc.add_MusicServiceServicer_to_server(servicer, grpc_server)
            yield runner.drain

    return serving


if __name__ == "__main__":
    server.run(GatewaySettings, "quartet-gateway", SERVICES, application)
