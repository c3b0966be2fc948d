"""What the gateway can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serving.settings import ServerSettings, setting


@dataclass(frozen=True)
class GatewaySettings(ServerSettings):
    """Serves MusicService: songs from prompts, with the stages behind it."""

    port: int = setting(50050, "port to listen on; 0 takes a free one", at_least=0)
    planner: str = setting("", "host:port of the planner stage; empty where none is deployed")
    encoder: str = setting("127.0.0.1:50052", "host:port of the encoder stage")
    dit: str = setting("127.0.0.1:50053", "host:port of the DiT stage")
    vae: str = setting("127.0.0.1:50054", "host:port of the VAE stage")
    data: Path = setting(Path("out/gateway"), "folder for jobs and audio")
    max_running_jobs: int = setting(4, "jobs that run at a time", at_least=1)
    max_queued_jobs: int = setting(1000, "jobs that may wait", at_least=1)
    max_job_seconds: float = setting(3600.0, "time that a job may take from its creation", at_least=1)
    max_upload_bytes: int = setting(200 * 2**20, "largest file that may be uploaded", at_least=1)
    max_upload_seconds: float = setting(900.0, "longest recording that may be uploaded", at_least=1)
    max_stored_upload_bytes: int = setting(20 * 2**30, "what all uploads together may take up", at_least=1)
    upload_retention_seconds: float = setting(
        86_400.0, "time that uploads stay which no job needs; the same file again renews it; 0 is forever", at_least=0
    )
