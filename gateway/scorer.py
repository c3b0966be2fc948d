"""Scores of a finished song, asked for by a call of their own."""

from __future__ import annotations

from collections.abc import Callable

from gateway import lyrics
from gateway.alignment import time_lyrics
from gateway.messages import lyric_scores_message
from gateway.renditions import Renditions, item_of
from gateway.scoring import score_codes, score_music
from gateway.stages import Stages
from gateway.tools import countdown
from quartet.errors import ConflictError, NotFoundError
from quartet.v1 import music_pb2, planner_pb2
from quartet.wire import optional


class Scorer:
    """Says how well an item fits its words."""

    def __init__(self, stages: Stages, renditions: Renditions) -> None:
        self._stages = stages
        self._renditions = renditions

    async def score(
        self, request: music_pb2.ScoreRequest, record: music_pb2.SongRecord, seconds_allowed: float
    ) -> music_pb2.ScoreResponse:
        """All scores that there can be; warnings say why others are missing.

        Raises NotFoundError, ConflictError where there can be none, and what the stages raise.
        """
        item, seconds_left = item_of(record, request.item), countdown(seconds_allowed)
        response = music_pb2.ScoreResponse()
        reasons: list[ConflictError | NotFoundError] = []
        try:
            asked = _planner_request(request, item, record)
            response.scores.update(await score_codes(asked, self._stages, seconds_left()))
        except ConflictError as error:
            reasons.append(error)
        if lyrics.sung_lines(record.plan.blueprint.lyrics):
            try:
                await self._score_music(response, item, record, seconds_left)
            except (ConflictError, NotFoundError) as error:
                reasons.append(error)
        if reasons and not response.scores:
            raise reasons[0]
        response.warnings.extend(error.message for error in reasons)
        return response

    async def _score_music(
        self,
        response: music_pb2.ScoreResponse,
        item: music_pb2.SongItem,
        record: music_pb2.SongRecord,
        seconds_left: Callable[[], float],
    ) -> None:
        rendition = await self._renditions.of_item(record, item.index, seconds_left)
        alignment = (await time_lyrics(rendition, self._stages, seconds_left())).scores
        response.scores.update(await score_music(rendition, alignment, bool(item.codes), self._stages, seconds_left()))
        response.alignment.CopyFrom(lyric_scores_message(alignment))


def _planner_request(
    request: music_pb2.ScoreRequest, item: music_pb2.SongItem, record: music_pb2.SongRecord
) -> planner_pb2.PlannerServiceScoreRequest:
    return planner_pb2.PlannerServiceScoreRequest(
        model=request.model,
        codes=item.codes,
        blueprint=record.plan.blueprint,
        scale=optional(request, "scale"),
        skip_tags=request.skip_tags,
        genres=request.genres,
    )
