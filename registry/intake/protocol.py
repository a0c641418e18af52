"""How the caged child talks to its parent: frames of a JSON header and a payload of bytes, each preceded by
its length.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

_LENGTHS = struct.Struct(">II")
HEAD_BYTES = _LENGTHS.size
MAX_HEADER = 64 * 1024 * 1024  # `cleaned` names of a million rows, in a rehearsal, are the longest header
MAX_PAYLOAD = 64 * 1024 * 1024


class Frame(NamedTuple):
    """``type``: meta, chunk, issues, rows, end or refused."""

    type: str
    header: dict[str, Any]
    payload: bytes | bytearray = b""


class BadFrame(ValueError):
    """The child sent what no honest child sends."""


def pack(type_: str, header: dict[str, Any], payload: bytes = b"") -> tuple[bytes, bytes]:
    """Lengths with the header, and the payload, to be written one after the other."""
    text = json.dumps({"type": type_, **header}, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return _LENGTHS.pack(len(text), len(payload)) + text, payload


def write(handle: int, *parts: bytes) -> None:
    """Write all of each part to a pipe whose reader may be slow: a full pipe makes the writer wait."""
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[os.write(handle, view) :]


def unpack(read: Callable[[int], bytearray]) -> Frame:
    """Read one frame; ``read`` gives exactly so many bytes or raises. Raises BadFrame."""
    header_bytes, payload_bytes = _LENGTHS.unpack(read(HEAD_BYTES))
    if header_bytes > MAX_HEADER or payload_bytes > MAX_PAYLOAD:
        raise BadFrame("frame too long")
    try:
        header = json.loads(read(header_bytes).decode("utf-8", "replace"))
        type_ = header.pop("type")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadFrame("header") from error
    return Frame(type_, header, read(payload_bytes) if payload_bytes else b"")
