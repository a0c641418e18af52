"""What runs in the cage: from a file to frames of cleaned, sealed rows. No Django, no database, no network."""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from registry.intake import refusal
from registry.intake.protocol import pack, write
from registry.intake.refusal import Refusal

_OPEN_FILES = 24


class Sender:
    """Writes frames to the parent."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def send(self, type_: str, header: Mapping[str, Any], payload: bytes = b"") -> None:
        write(self._handle, *pack(type_, dict(header), payload))


def main(file_handle: int) -> None:
    """Read the request from stdin, answer on stdout; never fails without a word where it can help it."""
    request = json.loads(sys.stdin.buffer.read())
    _limit(request)
    # The parsers' own chatter must not end up among the frames.
    out = os.dup(1)
    os.dup2(2, 1)
    sender = Sender(out)
    gc.disable()  # a short life with many small tuples and hardly a cycle
    try:
        with os.fdopen(file_handle, "rb", closefd=False) as file:
            _answer(request, file, f"/dev/fd/{file_handle}", sender)
    except Refusal as no:
        sender.send("refused", {"code": no.code, "message": no.message, "details": no.details})
    except MemoryError:
        sender.send("refused", _too_much())
    except BrokenPipeError:
        pass  # the parent has gone, or wants no more
    except BaseException as error:  # a panic in a parser's own language is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        sender.send("refused", _broken(error))
    # No tidying up: the memory goes with the process.
    os._exit(0)


def _answer(request: dict[str, Any], file: BinaryIO, path: str, sender: Sender) -> None:
    module, _, name = request["spec"].partition(":")
    spec = getattr(importlib.import_module(module), name)
    from registry.intake.harvest import Harvest
    from registry.intake.relay import apart

    harvest = Harvest(spec, request, file, path, sender, apart)
    match request["mode"]:
        case "sheet":
            harvest.stage()
        case "cells" | "rows":
            harvest.copy_raw(request["rows"] if request["mode"] == "cells" else None)
        case other:
            raise ValueError(other)


def _limit(request: Mapping[str, Any]) -> None:
    def cap(which: int, most: int) -> None:
        _, hard = resource.getrlimit(which)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))

    cap(resource.RLIMIT_AS, request["memory"])
    # At the soft limit comes a signal that tells why; at the hard one just an end.
    resource.setrlimit(resource.RLIMIT_CPU, (request["cpu_seconds"], request["cpu_seconds"] + 5))
    cap(resource.RLIMIT_NOFILE, _OPEN_FILES)
    cap(resource.RLIMIT_CORE, 0)
    cap(resource.RLIMIT_FSIZE, 0)


def _too_much() -> dict[str, Any]:
    return {
        "code": refusal.ARCHIVE_BOMB,
        "message": "文件展开后占用的内存超出限度；"
        "请用 Excel 或 WPS 打开，把内容复制到新建的工作簿，另存后再上传",
        "details": {},
    }


def _broken(error: BaseException) -> dict[str, Any]:
    # The kind of error helps a developer; its text may quote a cell.
    return {
        "code": refusal.FILE_UNREADABLE,
        "message": "文件内容异常，无法读取；请用 Excel 或 WPS 打开后另存为 xlsx，再上传",
        "details": {"error": type(error).__name__},
    }
