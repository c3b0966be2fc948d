"""`quartet score`: how well a song fits its words."""

from __future__ import annotations

import click
from rich.table import Table

from quartet.cli.display import in_order
from quartet.cli.options import address_option, connect, plain_console
from quartet.documents import to_json


@click.command()
@click.argument("job_id", metavar="JOB")
@click.option("--item", type=click.IntRange(0), default=0, show_default=True, help="Which song of several.")
@click.option("--genres", default="", help="Styles to rate too, such as those that `quartet compose` names.")
@click.option("--scale", type=float, help="How sharply caption and lyrics are rated, 0.01 to 1.  [default: 0.1]")
@click.option("--skip-tags", is_flag=True, help="Rate values alone, without the names before them.")
@click.option("--lm-model", "model", default="", help="Language model that rates.  [default: the planner's first]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--timeout", type=float, help="Seconds after which the call is given up.")
@address_option
def score(
    job_id: str,
    item: int,
    genres: str,
    scale: float | None,
    skip_tags: bool,
    model: str,
    as_json: bool,
    timeout: float | None,
    address: str,
) -> None:
    """Rate how well a song of JOB fits its words, from 0 to 1: its plan and what is sung. `quartet jobs` lists jobs."""
    with connect(address) as client:
        scores = client.score(
            job_id, item, scale=scale, skip_tags=skip_tags, genres=genres, model=model, timeout=timeout
        )
    if as_json:
        click.echo(to_json(scores))
        return
    table = Table(box=None, show_header=False)
    for name, value in in_order(scores.by_name).items():
        table.add_row(name, f"{value:.3f}")
    plain_console().print(table)
    for warning in scores.warnings:
        plain_console(stderr=True).print(f"warning: {warning}", markup=False)
