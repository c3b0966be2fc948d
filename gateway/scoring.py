"""How well an item fits its words: its audio codes, which the planner rates, and its music, which the DiT hears."""

from __future__ import annotations

from gateway import lyrics
from gateway.alignment import Rendition, score_context
from gateway.stages import Stages
from quartet.errors import ConflictError
from quartet.v1 import planner_pb2

# Names of the official application for the overall alignment score: of the music, and of the codes alone.
DIT_SCORE = "dit_score"
LM_SCORE = "lm_score"
NO_PLANNER = "no planner is deployed behind this gateway; start one and name it with --planner"


async def score_codes(
    request: planner_pb2.PlannerServiceScoreRequest, stages: Stages, seconds_left: float
) -> dict[str, float]:
    """The planner's scores by name. Raises ConflictError where there are no audio codes, or no planner."""
    if not request.codes:
        raise ConflictError("the song was made without a plan, so there are no audio codes to score", reason="NO_CODES")
    if stages.planner is None:
        raise ConflictError(NO_PLANNER, reason="NO_PLANNER")
    return dict((await stages.planner.score(request, seconds_left)).scores)


async def score_music(
    rendition: Rendition, alignment: lyrics.Scores, follows_codes: bool, stages: Stages, seconds_left: float
) -> dict[str, float]:
    """The overall scores of an alignment by name, with that of the codes alone where the item follows some."""
    scores = {DIT_SCORE: alignment.overall}
    if follows_codes:
        scores[LM_SCORE] = (await score_context(rendition, stages, seconds_left)).overall
    return scores
