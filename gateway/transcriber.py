"""When the lyrics of a finished song or of a recording are sung: asked for by a call of its own."""

from __future__ import annotations

from gateway import lyrics
from gateway.alignment import LyricsTiming, time_lyrics
from gateway.renditions import Recording, Renditions
from gateway.stages import Stages
from gateway.task_rules import MAX_LYRIC_CHARACTERS
from gateway.tools import countdown
from quartet.v1 import music_pb2
from quartet.validation import Violations
from serving import planning


class Transcriber:
    """Finds when lyrics are sung."""

    def __init__(self, stages: Stages, renditions: Renditions) -> None:
        self._stages = stages
        self._renditions = renditions

    async def transcribe(self, record: music_pb2.SongRecord, index: int, seconds_allowed: float) -> LyricsTiming:
        """The timing of one item of a succeeded job. Raises what `Renditions.of_item` raises."""
        seconds_left = countdown(seconds_allowed)
        rendition = await self._renditions.of_item(record, index, seconds_left)
        return await time_lyrics(rendition, self._stages, seconds_left())

    async def transcribe_recording(self, recording: Recording, seconds_allowed: float) -> LyricsTiming:
        """The timing of a recording. Raises what `Renditions.of_recording` raises."""
        seconds_left = countdown(seconds_allowed)
        rendition = await self._renditions.of_recording(recording, seconds_left)
        return await time_lyrics(rendition, self._stages, seconds_left())


def recording_of(request: music_pb2.TranscribeLyricsTimingRequest) -> Recording | None:
    """The recording that a request names; None where it names a job. Raises InvalidRequestError."""
    language = request.vocal_language
    with Violations() as check:
        one = bool(request.job_id) != bool(request.audio_id)
        if check.that(one, "audio_id", "and job_id exclude one another; give one of them") and request.job_id:
            for field in ("lyrics", "caption", "vocal_language"):
                check.that(not getattr(request, field), field, "is for recordings; a job brings its own, leave it out")
        elif one:
            check.that(not request.item, "item", f"is {request.item}; it is for jobs, leave it out")
            sung = bool(lyrics.sung_lines(request.lyrics))
            check.that(sung, "lyrics", "have nothing that is sung; give the words of the recording")
            check.characters(request.lyrics, MAX_LYRIC_CHARACTERS, "lyrics")
            check.characters(request.caption, planning.MAX_CAPTION_CHARACTERS, "caption")
            planning.check_language(language, check, "vocal_language")
    if not request.audio_id:
        return None
    spoken = "" if planning.is_open(language) else planning.language(language) or ""
    return Recording(request.audio_id, request.lyrics.strip(), request.caption, spoken)
