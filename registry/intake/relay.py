"""Reading in a process of its own beside the cleaning: a file with many rows is through in little more than half the
time.

What passes between the two is plain values, unpacked without making objects: a parser that was led astray can send
wrong cells, as it always could, and nothing else.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn

from registry.intake.cells import Broken, Cell, Row
from registry.intake.protocol import write
from registry.intake.refusal import Refusal

Block = tuple[list[Row], Any]
Source = Callable[[], Iterator[Block]]

_LENGTH = struct.Struct(">I")
PIPE_BYTES = 1024 * 1024  # holds a block or two, so that neither process waits for the other to draw breath
_ROWS, _PACKED, _END, _REFUSED, _MEMORY, _FAILED = range(6)

# What `marshal` does not know, as (mark, plain values). No cell of a sheet is a tuple otherwise.
_UNPACK: dict[str, Callable[..., Cell]] = {
    "broken": Broken,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": timedelta,
}


class ReaderFailed(Exception):
    """The reading process came upon an error of its own; its name stands in the argument."""


def together(source: Source) -> Iterator[Block]:
    """Blocks as they are read, in this very process."""
    return source()


def apart(source: Source) -> Iterator[Block]:
    """The same blocks, read by a process of its own that is gone when the iterator is.

    A block is its rows and a plain value that goes with them. Raises what the source raises as Refusal or
    MemoryError, ReaderFailed for the rest. Where the reading process is killed, so is this one, by the same signal:
    whoever started it learns the reason.
    """
    ours, theirs = wide_pipe()
    reader = os.fork()
    if reader == 0:
        os.close(ours)
        _read(source, theirs)
    os.close(theirs)
    try:
        with os.fdopen(ours, "rb", buffering=PIPE_BYTES) as pipe:
            yield from _blocks(pipe.read)
    except EOFError:
        gone, reader = reader, 0
        follow(gone)
    finally:
        if reader:
            os.kill(reader, signal.SIGKILL)
            os.waitpid(reader, 0)


def wide_pipe() -> tuple[int, int]:
    """Its reading and its writing end."""
    reading, writing = os.pipe()
    with suppress(OSError):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing


def follow(gone: int) -> NoReturn:
    """End as that process of ours ended, so that whoever started us learns the reason."""
    _, ended = os.waitpid(gone, 0)
    os.kill(os.getpid(), os.WTERMSIG(ended) or signal.SIGABRT)
    os._exit(1)  # not reached: none of the signals that end a process is caught here


def _blocks(read: Callable[[int], bytes]) -> Iterator[Block]:
    """Raises EOFError when the reading process went without a last word."""
    while True:
        what, *told = receive(read)
        if what == _ROWS:
            yield told[0], told[1]
        elif what == _PACKED:
            yield _unpacked(told[0]), told[1]
        elif what == _END:
            return
        elif what == _REFUSED:
            raise Refusal(told[0], told[1], **told[2])
        elif what == _MEMORY:
            raise MemoryError
        else:
            raise ReaderFailed(told[0])


def _read(source: Source, pipe: int) -> NoReturn:
    """What the reading process does; it tidies nothing up, for all of it belongs to the other one."""
    try:
        try:
            for rows, beside in source():
                try:
                    send(pipe, (_ROWS, rows, beside))
                except ValueError:
                    send(pipe, (_PACKED, _packed(rows), beside))
            send(pipe, (_END,))
        except Refusal as no:
            send(pipe, (_REFUSED, no.code, no.message, no.details))
        except MemoryError:
            send(pipe, (_MEMORY,))
        except BrokenPipeError:
            pass  # the other one wants no more
        except BaseException as error:  # a panic in a parser's own language is no Exception
            send(pipe, (_FAILED, type(error).__name__))
    finally:
        os._exit(0)


def send(pipe: int, message: tuple[Any, ...]) -> None:
    """Write one message of plain values to a pipe."""
    data = marshal.dumps(message)
    write(pipe, _LENGTH.pack(len(data)), data)


def receive(read: Callable[[int], bytes]) -> tuple[Any, ...]:
    """The next message; raises EOFError when whoever wrote is gone."""
    (length,) = _LENGTH.unpack(read(_LENGTH.size).ljust(_LENGTH.size, b"\0"))
    data = read(length)
    if not length or len(data) < length:
        raise EOFError
    message = marshal.loads(data)
    assert isinstance(message, tuple)
    return message


def _packed(rows: list[Row]) -> list[Any]:
    return [(number, list(map(_pack, cells))) for number, cells in rows]


def _pack(cell: Cell) -> Any:
    match cell:
        case Broken(what):
            return ("broken", what)
        case datetime():
            return ("datetime", cell.isoformat())
        case date():
            return ("date", cell.isoformat())
        case time():
            return ("time", cell.isoformat())
        case timedelta():
            return ("timedelta", cell.days, cell.seconds, cell.microseconds)
    return cell


def _unpacked(rows: list[Any]) -> list[Row]:
    for _, cells in rows:
        cells[:] = [_UNPACK[cell[0]](*cell[1:]) if type(cell) is tuple else cell for cell in cells]
    return rows
