"""The parent's side: start a disposable child, hand it the file, and take its frames.

Parsers of spreadsheets are not to be trusted with hostile files: a workbook of two kilobytes can make one
abort or ask for half a terabyte. The child has limits on memory, time and files, no database, and only
derived keys that can write; when it dies, the file is refused and the parent goes on.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from registry.intake import refusal
from registry.intake.columns import SheetSpec
from registry.intake.patching import Patches
from registry.intake.protocol import BadFrame, Frame, unpack

__all__ = ["Cancelled", "ChildDied", "Frame", "Request", "run"]

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 0.25  # seconds between two looks at the cancel switch
_READ_AHEAD = 256 * 1024
_RESAVE = "请用 Excel 或 WPS 打开，把内容复制到新建的工作簿，另存后再上传"


@dataclass(frozen=True, slots=True)
class Request:
    """What the child is asked. ``mode``: sheet (clean and stage), cells (raw cells of ``rows``), rows (all
    raw cells).

    ``keys`` is what `Keyring.narrowed` gives. ``patches``: corrected texts, laid over the cells before anything else.
    ``memory`` counts bytes of address space. ``silence`` is how many seconds the child may send nothing: time that the
    parent spends on a frame does not count.
    """

    spec: SheetSpec
    keys: Mapping[str, Any] | None = None
    sheet: str | None = None
    mapping: Mapping[str, str] | None = None
    mode: str = "sheet"
    rows: Sequence[int] = ()
    patches: Patches | None = None
    want_cleaned: bool = False
    keep_examples: bool = False
    chunk_rows: int = 20_000
    max_bytes: int = 512 * 1024 * 1024
    memory: int = 400 * 1024 * 1024
    cpu_seconds: int = 600
    silence: float = 120.0
    cancelled: Callable[[], bool] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "spec": self.spec.origin,
            "keys": self.keys,
            "sheet": self.sheet,
            "mapping": dict(self.mapping) if self.mapping else None,
            "mode": self.mode,
            "rows": list(self.rows),
            "patches": {str(row): dict(texts) for row, texts in (self.patches or {}).items()},
            "want_cleaned": self.want_cleaned,
            "keep_examples": self.keep_examples,
            "chunk_rows": self.chunk_rows,
            "max_bytes": self.max_bytes,
            "memory": self.memory,
            "cpu_seconds": self.cpu_seconds,
        }


class ChildDied(Exception):
    """Somebody else ended the child (the machine ran short, an operator): not the file's fault, so try
    again.
    """


class Cancelled(Exception):
    """The request's own switch said stop."""


def run(request: Request, file: BinaryIO) -> Iterator[Frame]:
    """Frames of one file, as they come; the last is ``end`` or ``refused``.

    ``file`` needs a descriptor. Raises ChildDied, Cancelled. The child is gone when the iterator is.
    """
    child = _start(file)
    try:
        assert child.stdin is not None
        with suppress(BrokenPipeError):  # when it dies at once, its end tells why
            child.stdin.write(json.dumps(request.as_json(), ensure_ascii=False).encode("utf-8", "replace"))
            child.stdin.close()
        yield from _frames(child, request)
    finally:
        _end(child)


def _start(file: BinaryIO) -> subprocess.Popen[bytes]:
    handle = file.fileno()
    file.seek(0)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, _paths(), str(handle)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What a parser prints while it dies may hold cells.
        stderr=subprocess.DEVNULL,
        pass_fds=(handle,),
        env={
            "PYTHONDONTWRITEBYTECODE": "1",
            "MALLOC_ARENA_MAX": "1",
            "TZ": os.environ.get("TZ", "Asia/Shanghai"),
        },
        cwd="/",
        bufsize=0,
        start_new_session=True,
    )


# Without site: start-up is quicker, and no .pth file of the environment runs in the cage.
_BOOT = """
import sys
sys.path[:0] = sys.argv[1].split(chr(10))
from registry.intake.child import main
main(int(sys.argv[2]))
"""


def _paths() -> str:
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    return "\n".join([str(_ROOT), *packages])


def _frames(child: subprocess.Popen[bytes], request: Request) -> Iterator[Frame]:
    pipe = _Pipe(child, request)
    try:
        while True:
            try:
                frame = unpack(pipe.read)
            except _Closed:
                yield _obituary(child)
                return
            yield frame
            if frame.type in ("end", "refused"):
                return
    except (_Silent, BadFrame):
        yield Frame("refused", _unreadable("读取时间过长或内容异常"))
    finally:
        pipe.close()


class _Closed(Exception):
    """The child's end of the pipe is shut."""


class _Silent(Exception):
    """Nothing came for too long."""


class _Pipe:
    """Exact reads with a look at the cancel switch while waiting."""

    def __init__(self, child: subprocess.Popen[bytes], request: Request) -> None:
        assert child.stdout is not None
        self._file = child.stdout
        self._request = request
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._file, selectors.EVENT_READ)

    def read(self, count: int) -> bytearray:
        whole = bytearray(count)
        view = memoryview(whole)
        at = 0
        while at < count:
            self._wait()
            got = self._file.readinto(view[at : at + _READ_AHEAD])  # type: ignore[attr-defined]
            if not got:
                raise _Closed
            at += got
        return whole

    def _wait(self) -> None:
        deadline = time.monotonic() + self._request.silence
        while not self._selector.select(_PATIENCE):
            self._look()
            if time.monotonic() > deadline:
                raise _Silent
        self._look()

    def _look(self) -> None:
        if self._request.cancelled is not None and self._request.cancelled():
            raise Cancelled

    def close(self) -> None:
        self._selector.close()


def _obituary(child: subprocess.Popen[bytes]) -> Frame:
    """Why a child went without a word: too much memory or time is the file's fault, a kill from outside is
    not.
    """
    code = child.wait()
    if code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        raise ChildDied(f"signal {-code}")
    if code in (-signal.SIGABRT, -signal.SIGXCPU):
        message = f"文件展开后占用的内存或时间超出限度；{_RESAVE}"
        return Frame("refused", {"code": refusal.ARCHIVE_BOMB, "message": message, "details": {}})
    return Frame("refused", _unreadable("文件无法读取"))


def _unreadable(what: str) -> dict[str, Any]:
    return {
        "code": refusal.FILE_UNREADABLE,
        "message": f"{what}；请用 Excel 或 WPS 打开后另存为 xlsx，再上传",
        "details": {},
    }


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        # With the process that it reads by: a child leads a group of its own.
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    child.wait()
