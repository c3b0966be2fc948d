"""Ogg files without chance: libsndfile gives every stream a random serial number, so equal songs would differ."""

from __future__ import annotations

import zlib
from pathlib import Path

_CAPTURE = b"OggS"
_HEADER_BYTES = 27
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)
_SEGMENTS = 26
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def clear_serial_number(path: Path) -> None:
    """Gives the one logical stream of a file the serial number 0, page by page (RFC 3533 §6)."""
    with path.open("r+b") as file:
        while head := file.read(_HEADER_BYTES):
            if head[:4] != _CAPTURE:
                raise ValueError(f"{path} holds something else than Ogg pages")
            lengths = file.read(head[_SEGMENTS])
            body = file.read(sum(lengths))
            header = bytearray(head)
            header[_SERIAL] = header[_CHECKSUM] = bytes(4)
            header[_CHECKSUM] = checksum(bytes(header) + lengths + body).to_bytes(4, "little")
            file.seek(-len(head) - len(lengths) - len(body), 1)
            file.write(header)
            file.seek(len(lengths) + len(body), 1)


def checksum(page: bytes) -> int:
    """CRC-32 of an Ogg page: polynomial 0x04C11DB7 with the highest bit first, from 0 and not inverted.

    zlib computes the same polynomial with the lowest bit first; mirrored bytes in, mirrored remainder out.
    """
    remainder = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(remainder.to_bytes(4, "little").translate(_MIRRORED), "big")
