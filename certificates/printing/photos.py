"""What a JPEG file says about itself, so that it goes into a page as it is. Pure."""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

_STARTS = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
_SPACES = {1: "/DeviceGray", 3: "/DeviceRGB"}


class Picture(NamedTuple):
    width: int
    height: int
    space: str


class BadPicture(ValueError):
    """Not a JPEG file that a page can hold."""


def read(data: bytes) -> Picture:
    """Width and height in pixels and the colour space. Raises BadPicture. Source: ITU-T T.81, B.2."""
    if data[:2] != b"\xff\xd8":
        raise BadPicture("not a JPEG file")
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _STARTS:
            bits, height, width, parts = unpack_from(">BHHB", data, at + 4)
            if bits != 8 or parts not in _SPACES or not width or not height:
                raise BadPicture("not a picture of one or three colours of 8 bits")
            return Picture(width, height, _SPACES[parts])
        at += 2 + int(unpack_from(">H", data, at + 2)[0])
    raise BadPicture("no picture in it")
