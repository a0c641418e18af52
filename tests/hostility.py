"""What the machine makes of one spoiled file, and whether that is right."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from registry.intake import refusal, services
from registry.intake.models import Batch


class Found(NamedTuple):
    """``code`` of the refusal, empty for a readable file; ``wrong`` says what should not have happened."""

    code: str
    wrong: str


def hand_in(name: str, file: BinaryIO) -> Found:
    """Receive and check, as the worker does; the file's name says which kind of sheet it is meant to be."""
    kind = name.split("_")[0].split(".")[0]
    try:
        batch, _new = services.receive(kind=kind, file=file, name=name, actor=None)
        batch = services.check(batch.pk)
    except Exception as error:
        return Found("", f"{type(error).__name__}: {error}"[:300])
    if batch.state == Batch.State.REVIEW:
        return Found("", "")
    if batch.state != Batch.State.REFUSED:
        return Found("", f"left {batch.state}")
    code, message = batch.file_error["code"], batch.file_error["message"]
    if code not in refusal.CODES:
        return Found(code, f"no such code: {code}")
    if not any("\u4e00" <= character <= "\u9fff" for character in message):
        return Found(code, f"no Chinese message: {message}")
    return Found(code, "")
