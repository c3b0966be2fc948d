"""`quartet status` and `quartet jobs`: what the gateway does now, and what it did."""

from __future__ import annotations

import click
from rich.table import Table

from quartet.cli.options import address_option, connect, plain_console
from quartet.documents import to_json
from quartet.events import Job, JobState, Replica


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@address_option
def status(as_json: bool, address: str) -> None:
    """Show the stages, their servers and the load."""
    with connect(address) as client:
        capacity = client.capacity()
    if as_json:
        click.echo(to_json(capacity))
        return
    table = Table(box=None, header_style="")
    for heading in ("stage", "address", "state", "model", "device"):
        table.add_column(heading)
    for heading in ("running", "queued", "wait s", "steps"):
        table.add_column(heading, justify="right")
    for replica in capacity.replicas:
        table.add_row(*_replica_row(replica))
    console = plain_console()
    console.print(table)
    for replica in capacity.replicas:
        if replica.problem:
            console.print(f"{replica.stage}: {replica.problem}")
    console.print(f"jobs: {capacity.running_jobs} running, {capacity.queued_jobs} queued")


@click.command()
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in JobState]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="Jobs to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@address_option
def jobs(states: tuple[str, ...], limit: int, as_json: bool, address: str) -> None:
    """List jobs, newest first."""
    with connect(address) as client:
        page = client.jobs(*(JobState(state) for state in states), page_size=limit)
    if as_json:
        click.echo(to_json(page))
        return
    table = Table(box=None, header_style="")
    for heading in ("job", "state", "created", "items", "seconds", "caption", "problem"):
        table.add_column(heading)
    for job in page.jobs:
        table.add_row(*_job_row(job))
    plain_console().print(table)


def _replica_row(replica: Replica) -> tuple[str, ...]:
    models = ", ".join(model.id for model in replica.models)
    devices = ", ".join(sorted({f"{model.device} {model.compute_dtype}" for model in replica.models}))
    load = (replica.running_items, replica.queued_items, f"{replica.expected_wait:.1f}", replica.steps_computed)
    state = "ready" if replica.ready else "not ready"
    return (replica.stage, replica.address, state, models, devices, *(str(value) for value in load))


def _job_row(job: Job) -> tuple[str, ...]:
    created = f"{job.created_at.astimezone():%Y-%m-%d %H:%M:%S}" if job.created_at else ""
    state = f"{job.state} ({job.stage})" if job.state is JobState.RUNNING and job.stage else str(job.state)
    duration = f"{job.song.duration:g}" if job.song.duration else ""
    problem = job.failure.message if job.failure else ""
    return (job.id, state, created, str(job.song.items), duration, _short(job.song.caption), _short(problem))


def _short(text: str, length: int = 48) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1]}…"
