"""A verb for each thing that is done with a recording: `quartet cover`, `repaint`, `extend` and so on."""

from __future__ import annotations

from typing import Any

import click

from quartet.cli.making import run
from quartet.cli.options import F, music_options
from quartet.cli.recordings import recording
from quartet.cli.song_options import (
    file_options,
    grouped,
    items_options,
    sampler_options,
    seed_options,
    spec_of,
    sung_options,
)
from quartet.tasks import Complete, Cover, Edit, Extend, Extract, Lego, Region, Remix, Repaint, RepaintMode, Track

SOURCE = "SOURCE is a file, a job, one of its songs as JOB:ITEM, or the id of an audio file."
_TRACKS = "Only base models know single tracks."
_TRACK = click.Choice([track.value for track in Track])
_SHARE = click.FloatRange(0, 1)


def _makes_songs(command: F) -> F:
    """Options of all verbs."""
    for group in (file_options, sampler_options, items_options, seed_options):
        command = grouped(group)(command)
    grouped_command: F = grouped(sung_options)(music_options(command))
    return grouped_command


@click.command(
    help=f"Play SOURCE in the style of CAPTION. Its tune and rhythm stay, its sound does not. {SOURCE}",
    epilog="Example: quartet cover song.flac 'bossa nova, nylon guitar, a woman sings' --lyrics-file words.txt",
)
@click.argument("source")
@click.argument("caption", default="")
@click.option("--strength", type=_SHARE, help="How long SOURCE is followed: 1 to the end, 0 not at all.  [default: 1]")
@click.option("--blend", is_flag=True, help="Follow SOURCE all the time, but only as much as --strength says.")
@click.option("--noise-strength", type=_SHARE, help="How much of the sound of SOURCE to begin with.  [default: 0]")
@click.option("--from-latents", is_flag=True, help="Follow the sound of SOURCE too, not its tune alone.")
@_makes_songs
@click.pass_context
def cover(
    context: click.Context,
    /,
    source: str,
    strength: float | None,
    blend: bool,
    noise_strength: float | None,
    from_latents: bool,
    **options: Any,
) -> None:
    """See the help text of the command."""
    run(
        context,
        options,
        lambda client: spec_of(
            client, options, Cover(recording(client, source), from_latents, strength, blend, noise_strength)
        ),
    )


@click.command(
    help=f"Have parts of SOURCE played anew. All else stays, sample by sample. {SOURCE}",
    epilog="Example: quartet repaint song.flac 'slow blues, a louder solo' --from 10 --to 20 -o better.flac",
)
@click.argument("source")
@click.argument("caption", default="")
@click.option(
    "--from", "starts", type=float, multiple=True, help="Where a part begins, in seconds; again for each part."
)
@click.option("--to", "ends", type=float, multiple=True, help="Where it ends; -1 is the end of SOURCE, the default.")
@click.option(
    "--mode",
    type=click.Choice([m.value for m in RepaintMode]),
    help="conservative fits new to old best, aggressive is freest.  [default: balanced]",
)
@click.option("--strength", type=_SHARE, help="With balanced: 0 is conservative, 1 aggressive.  [default: 0.5]")
@click.option(
    "--free-mask", is_flag=True, help="Let the model think that it may write everywhere; the rest stays all the same."
)
@_makes_songs
@click.pass_context
def repaint(
    context: click.Context,
    /,
    source: str,
    starts: tuple[float, ...],
    ends: tuple[float, ...],
    mode: str | None,
    strength: float | None,
    free_mask: bool,
    **options: Any,
) -> None:
    """See the help text of the command."""
    regions = _regions(starts, ends)
    if not regions:
        raise click.UsageError("say which part to make anew: --from 10 --to 20")
    run(
        context,
        options,
        lambda client: spec_of(client, options, Repaint(recording(client, source), regions, free_mask, mode, strength)),
    )


@click.command(
    help=f"Add music before SOURCE, behind it, or both. SOURCE itself stays, sample by sample. {SOURCE}",
    epilog="Example: quartet extend song.flac 'slow blues, it ends softly' --after 15 -o longer.flac",
)
@click.argument("source")
@click.argument("caption", default="")
@click.option("--before", type=float, default=0.0, help="Seconds to add before SOURCE.")
@click.option("--after", type=float, default=0.0, help="Seconds to add after SOURCE.")
@_makes_songs
@click.pass_context
def extend(context: click.Context, /, source: str, before: float, after: float, **options: Any) -> None:
    """See the help text of the command."""
    run(context, options, lambda client: spec_of(client, options, Extend(recording(client, source), before, after)))


@click.command(
    help=f"Take tracks out of SOURCE, such as drums. Each gets a file of its own. {_TRACKS} {SOURCE}",
    epilog="Example: quartet extract song.flac drums vocals --keep-level -o stem.flac",
)
@click.argument("source")
@click.argument("tracks", nargs=-1, type=_TRACK)
@click.option("--all", "every", is_flag=True, help="Take out all twelve tracks.")
@click.option("--caption", default="", help="Description of the track.  [default: its name]")
@grouped(seed_options)
@grouped(sampler_options)
@grouped(file_options)
@click.pass_context
def extract(context: click.Context, /, source: str, tracks: tuple[str, ...], every: bool, **options: Any) -> None:
    """See the help text of the command."""
    if every == bool(tracks):
        raise click.UsageError("name the tracks to take out, or say --all")
    chosen = tuple(Track) if every else tracks
    run(context, options, lambda client: spec_of(client, options, Extract(recording(client, source), chosen)))


@click.command(
    help=f"Play one more TRACK to SOURCE. The file holds that track alone. {_TRACKS} {SOURCE}",
    epilog="Example: quartet lego piano.flac drums 'a jazz trio with brushed drums' -o drums.flac",
)
@click.argument("source")
@click.argument("track", type=_TRACK)
@click.argument("caption", default="")
@click.option("--from", "starts", type=float, multiple=True, help="Where it begins to play, in seconds.")
@click.option("--to", "ends", type=float, multiple=True, help="Where it stops; -1 is the end of SOURCE, the default.")
@_makes_songs
@click.pass_context
def lego(
    context: click.Context,
    /,
    source: str,
    track: str,
    starts: tuple[float, ...],
    ends: tuple[float, ...],
    **options: Any,
) -> None:
    """See the help text of the command."""
    regions = _regions(starts, ends)
    run(context, options, lambda client: spec_of(client, options, Lego(recording(client, source), track, regions)))


@click.command(
    help=f"Make a whole song around SOURCE, such as a voice alone. {_TRACKS} {SOURCE}",
    epilog="Example: quartet complete voice.flac 'indie folk, guitar and drums' --track guitar --track drums",
)
@click.argument("source")
@click.argument("caption", default="")
@click.option(
    "--track",
    "tracks",
    type=_TRACK,
    multiple=True,
    help="A track to add; again for each.  [default: the model's choice]",
)
@_makes_songs
@click.pass_context
def complete(context: click.Context, /, source: str, tracks: tuple[str, ...], **options: Any) -> None:
    """See the help text of the command."""
    run(context, options, lambda client: spec_of(client, options, Complete(recording(client, source), tracks)))


@click.command(
    help=f"Change SOURCE from what it was to CAPTION. What both have in common is kept. {SOURCE}",
    epilog="Example: quartet edit song.flac 'slow blues, organ' --was 'slow blues, electric guitar' -o organ.flac",
)
@click.argument("source")
@click.argument("caption")
@click.option("--was", required=True, help="What SOURCE is, in words like those of CAPTION.")
@click.option("--lyrics-were", default="", help="Lyrics of SOURCE.")
@click.option("--n-min", type=_SHARE, help="How close to stay: 0 changes most, 1 nothing.  [default: 0]")
@click.option("--n-max", type=_SHARE, help="When to follow CAPTION alone: 1 never, 0 at once.  [default: 1]")
@click.option(
    "--n-avg", type=click.IntRange(1, 8), default=1, help="Tries that each step averages over: smoother, and slower."
)
@_makes_songs
@click.pass_context
def edit(
    context: click.Context,
    /,
    source: str,
    was: str,
    lyrics_were: str,
    n_min: float | None,
    n_max: float | None,
    n_avg: int,
    **options: Any,
) -> None:
    """See the help text of the command."""
    run(
        context,
        options,
        lambda client: spec_of(client, options, Edit(recording(client, source), was, lyrics_were, n_min, n_max, n_avg)),
    )


@click.command(
    help=f"Make a new song from CAPTION that grows out of SOURCE. {SOURCE}",
    epilog="Example: quartet remix song.flac 'drum and bass, fast breaks' --strength 0.4 -o remix.flac",
)
@click.argument("source")
@click.argument("caption", default="")
@click.option("--strength", type=_SHARE, help="How much of SOURCE stays: 0 nothing, 1 all.  [default: 0.5]")
@_makes_songs
@click.pass_context
def remix(context: click.Context, /, source: str, strength: float | None, **options: Any) -> None:
    """See the help text of the command."""
    run(context, options, lambda client: spec_of(client, options, Remix(recording(client, source), strength)))


def _regions(starts: tuple[float, ...], ends: tuple[float, ...]) -> tuple[Region, ...]:
    """Parts by position; the last ones may have no end."""
    if len(ends) > max(len(starts), 1):
        raise click.UsageError("there are more --to than --from")
    if ends and not starts:
        starts = (0.0,)
    return tuple(Region(start, ends[number] if number < len(ends) else None) for number, start in enumerate(starts))
