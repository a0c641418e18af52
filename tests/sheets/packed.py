"""Zip archives whose bytes depend on nothing but their members."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

EPOCH = (1980, 1, 1, 0, 0, 0)


def archive(members: Iterable[tuple[str, bytes | str]], *, stored: Iterable[str] = ()) -> bytes:
    """A zip of (name, content), in that order; names in ``stored`` are kept uncompressed."""
    out = io.BytesIO()
    plain = set(stored)
    with zipfile.ZipFile(out, "w") as zf:
        for name, content in members:
            info = zipfile.ZipInfo(name, date_time=EPOCH)
            info.create_system = 0
            info.external_attr = 0
            info.compress_type = zipfile.ZIP_STORED if name in plain else zipfile.ZIP_DEFLATED
            zf.writestr(info, content)
    return out.getvalue()


def members(data: bytes) -> list[tuple[str, bytes]] | None:
    """The members of a zip, or None for anything else: files are compared by these, as zlibs differ."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as zf:
            return [(info.filename, zf.read(info)) for info in zf.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError):
        return None


def same(old: bytes, new: bytes) -> bool:
    """Whether two files say the same: archives by their members, since zlibs compress differently."""
    if old == new:
        return True
    parts = members(old)
    return parts is not None and parts == members(new)
