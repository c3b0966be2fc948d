"""What a file says of its song: title, words, tempo, key, and that it was made with AI, by which model and seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mutagen.flac import FLAC
from mutagen.id3 import COMM, ID3, TBPM, TIT2, TKEY, TXXX, USLT, ID3NoHeaderError
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from quartet.audio_files import GAPLESS
from quartet.songs import AudioFormat

_LANGUAGE = "XXX"  # of ID3: not said
_OWN_ATOM = "----:com.apple.iTunes:"


@dataclass(frozen=True)
class Tags:
    """What is written into a file; what is empty or None is left out."""

    title: str
    description: str
    lyrics: str
    bpm: int | None
    key: str
    seed: int
    model: str

    @property
    def comment(self) -> str:
        """The disclosure."""
        return f"Made with AI by the model {self.model}"


def embed(tags: Tags, path: Path, audio_format: AudioFormat) -> None:
    """Writes tags into an audio file as its format has them: Vorbis comments, ID3v2.4 or MP4 atoms.

    ADTS has none of its own; players and FFmpeg skip ID3 in front of it, and most read it.
    """
    match audio_format:
        case AudioFormat.FLAC:
            _embed_comments(tags, FLAC(path))
        case AudioFormat.OPUS:
            _embed_comments(tags, OggOpus(path))
        case AudioFormat.VORBIS:
            _embed_comments(tags, OggVorbis(path))
        case AudioFormat.MP3 | AudioFormat.AAC:
            frames = ID3()
            _add_frames(tags, frames)
            frames.save(path)
        case AudioFormat.WAV16 | AudioFormat.WAV24 | AudioFormat.WAV32F:
            wave = WAVE(path)
            wave.add_tags()
            _add_frames(tags, wave.tags)
            wave.save()
        case AudioFormat.M4A:
            _embed_atoms(tags, MP4(path))


def mark_music(path: Path, delay: int, samples: int, padding: int) -> None:
    """Says in ID3 in front of a file how many of its samples are music, and how many the codec added on either side.

    The frame is that of iTunes, in hexadecimal, which other players have taken over.
    """
    try:
        frames = ID3(path)
    except ID3NoHeaderError:
        frames = ID3()
    text = f" 00000000 {delay:08X} {padding:08X} {samples:016X}" + 8 * " 00000000"
    frames.add(COMM(encoding=0, lang="eng", desc=GAPLESS, text=text))
    frames.save(path)


def _embed_comments(tags: Tags, file: FLAC | OggOpus | OggVorbis) -> None:
    """Vorbis comments."""
    values = {
        "TITLE": tags.title,
        "DESCRIPTION": tags.description,
        "LYRICS": tags.lyrics,
        "BPM": str(tags.bpm or ""),
        "INITIALKEY": tags.key,
        "SEED": str(tags.seed),
        "MODEL": tags.model,
        "COMMENT": tags.comment,
    }
    for name, value in values.items():
        if value:
            file[name] = [_plain(value)]
    file.save()


def _add_frames(tags: Tags, frames: ID3) -> None:
    """ID3v2.4 frames."""
    texts = {TIT2: tags.title, TBPM: str(tags.bpm or ""), TKEY: tags.key}
    for kind, text in texts.items():
        if text:
            frames.add(kind(encoding=3, text=_plain(text)))
    own = {"DESCRIPTION": tags.description, "SEED": str(tags.seed), "MODEL": tags.model}
    for name, text in own.items():
        if text:
            frames.add(TXXX(encoding=3, desc=name, text=_plain(text)))
    if tags.lyrics:
        frames.add(USLT(encoding=3, lang=_LANGUAGE, desc="", text=_plain(tags.lyrics)))
    frames.add(COMM(encoding=3, lang=_LANGUAGE, desc="", text=_plain(tags.comment)))


def _embed_atoms(tags: Tags, file: MP4) -> None:
    """MP4 atoms as iTunes names them."""
    texts = {"\xa9nam": tags.title, "desc": tags.description, "\xa9lyr": tags.lyrics, "\xa9cmt": tags.comment}
    own = {"initialkey": tags.key, "SEED": str(tags.seed), "MODEL": tags.model}
    if file.tags is None:
        file.add_tags()
    for name, text in texts.items():
        if text:
            file[name] = [_plain(text)]
    if tags.bpm:
        file["tmpo"] = [tags.bpm]
    for name, text in own.items():
        if text:
            file[_OWN_ATOM + name] = [MP4FreeForm(_plain(text).encode())]
    file.save()


def _plain(text: str) -> str:
    """Without NUL, which would end a text or start another."""
    return text.replace("\0", "")
