"""A file is read by a disposable child: whatever becomes of it, the parent goes on and says why."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest

from registry.intake import cage
from registry.intake.protocol import MAX_PAYLOAD, BadFrame, pack, unpack
from tests.registry.harvesting import PURPOSES, RING, Read, book, take
from tests.sheets import cast
from tests.sheets.cells import Row, Sheet
from tests.sheets.packed import archive
from tests.sheets.plain import delimited
from tests.sheets.xlsx import parts
from training.ledgers.columns import LEDGER
from training.rosters.columns import ROSTER

ROOT = Path(__file__).resolve().parents[2]
HEAD = ["姓名", "身份证号", "联系电话"]
PEOPLE: list[Row] = [[p.name, p.id_number, p.phone] for p in cast.EVERYONE]


def many(rows: int) -> bytes:
    line = [cast.LINA.name, cast.LINA.id_number, cast.LINA.phone]
    return delimited([HEAD, *[line] * rows])


@cache
def long_book() -> bytes:
    line: Row = [cast.LINA.name, cast.LINA.id_number, cast.LINA.phone]
    # More than fits between the processes, so that the reader is at work for as long as nobody takes frames.
    return book(HEAD, *[line] * 60_000)


def frames(data: bytes, **request: Any) -> Iterator[cage.Frame]:
    asked = cage.Request(**{"spec": ROSTER, "keys": RING.narrowed(PURPOSES), **request})
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield from cage.run(asked, file)


def read(data: bytes, **request: Any) -> Read:
    spec = request.get("spec", ROSTER)
    found = Read()
    for frame in frames(data, **request):
        take(found, [name for name, _ in spec.staged], frame.type, frame.header, bytes(frame.payload))
    return found


def children() -> list[psutil.Process]:
    """The caged children of this process, zombies too, and no other child (a browser may be one)."""
    return [child for child in psutil.Process().children() if not _other(child)]


def _other(child: psutil.Process) -> bool:
    try:
        words = child.cmdline()
    except psutil.ZombieProcess:
        return False
    return not any("registry.intake.child" in word for word in words)


# ---------------------------------------------------------------- the road


def test_frames_come_in_order() -> None:
    rows = [*PEOPLE, ["李娜", "123", ""], ["合计"]]
    sent = list(frames(book(HEAD, *rows), chunk_rows=4))
    assert [frame.type for frame in sent] == ["meta", "chunk", "chunk", "chunk", "issues", "end"]
    assert [frame.header["rows"] for frame in sent if frame.type == "chunk"] == [4, 4, 3]
    done = [frame.header["done"] for frame in sent if frame.type == "chunk"]
    assert done == sorted(done) and done[-1] <= sent[0].header["total"] == 12
    assert sent[-1].header["skipped_rows"] == [{"row": 13, "why": "footer"}]
    assert not children()


def test_a_ledger_goes_the_same_road() -> None:
    head = ["姓名", "身份证号", "培训工种", "培训开始时间", "培训结束时间"]
    found = read(book(head, ["李娜", cast.LINA.id_number, "焊工", "2024-03-05", "2024-03-24"]), spec=LEDGER)
    assert found.staged("starts") == ["2024-03-05"] and not found.issues


def test_the_cells_of_some_rows_only() -> None:
    found = read(book(HEAD, *PEOPLE), mode="cells", rows=[3, 5], keys=None)
    assert [number for number, _ in found.raw] == [3, 5]
    assert found.raw[0][1][0] == cast.TURSUN.name and not found.rows


def test_a_refusal_is_a_frame() -> None:
    (sent,) = frames(b"%PDF-1.7")
    assert (sent.type, sent.header["code"]) == ("refused", "FILE_TYPE")
    assert not children()


def test_a_file_over_its_limit_is_refused_by_the_childs_own_look() -> None:
    assert read(many(100), max_bytes=1000).refused == "FILE_TOO_LARGE"


# ---------------------------------------------------------------- what the child is


def test_the_child_never_loads_the_framework() -> None:
    """Its start-up is paid for every file, and its memory is what a hostile file may take."""
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import registry.intake.child, registry.intake.harvest, "
        "training.rosters.columns, training.ledgers.columns, registry.intake.careful, registry.intake.html_reader;"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('django', 'psycopg', 'ssl')))"
    )
    paths = [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]
    out = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, *paths], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"


def test_the_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    found = frames(many(20_000))
    next(found)
    (child,) = children()
    environment = child.environ()
    assert "DATABASE_URL" not in environment and len(environment) <= 4
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    assert re.search(r"Max file size\s+0\s+0", limits) and re.search(r"Max core file size\s+0\s+0", limits)
    assert re.search(rf"Max address space\s+{cage.Request(spec=ROSTER).memory}", limits)
    assert not child.net_connections()
    found.close()  # type: ignore[attr-defined]
    assert not children()


# ---------------------------------------------------------------- its ends


def test_a_child_killed_from_outside_is_not_the_files_fault() -> None:
    sent = frames(many(20_000), chunk_rows=1000)
    next(sent)
    children()[0].send_signal(signal.SIGKILL)
    with pytest.raises(cage.ChildDied):
        list(sent)
    assert not children()


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGABRT, "ARCHIVE_BOMB"), (signal.SIGSEGV, "FILE_UNREADABLE")]
)
def test_a_child_that_breaks_down_means_a_refusal(sign: signal.Signals, code: str) -> None:
    sent = frames(many(20_000), chunk_rows=1000)
    next(sent)
    children()[0].send_signal(sign)
    assert list(sent)[-1].header["code"] == code


def reader_of(child: psutil.Process) -> psutil.Process:
    """The process that reads a workbook for the one that cleans."""
    (found,) = child.children()
    return found


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGABRT, "ARCHIVE_BOMB"), (signal.SIGSEGV, "FILE_UNREADABLE")]
)
def test_a_reader_that_breaks_down_means_the_same(sign: signal.Signals, code: str) -> None:
    sent = frames(long_book(), chunk_rows=1000)
    next(sent)
    next(sent)
    reader_of(children()[0]).send_signal(sign)
    assert list(sent)[-1].header["code"] == code
    assert not children()


def test_a_reader_killed_from_outside_is_not_the_files_fault() -> None:
    sent = frames(long_book(), chunk_rows=1000)
    next(sent)
    next(sent)
    reader_of(children()[0]).kill()
    with pytest.raises(cage.ChildDied):
        list(sent)


def test_a_reader_goes_with_its_child() -> None:
    for ending in ("close", "kill"):
        sent = frames(long_book(), chunk_rows=1000)
        next(sent)
        next(sent)
        child = children()[0]
        reader = reader_of(child)
        if ending == "close":
            sent.close()  # type: ignore[attr-defined]
        else:
            child.kill()
        assert not psutil.wait_procs([reader], timeout=20)[1]
        sent.close()  # type: ignore[attr-defined]


def grid(columns: int, rows: int) -> bytes:
    """Two cells far apart, in a form that only the thorough reader takes: it lays out all between them."""
    made = parts([Sheet("花名册", [["x"]])])
    far = f'<row r="{rows}"><c r="{"A" if columns == 1 else "IV"}{rows}"><v>1</v></c></row>'
    sheet = made["xl/worksheets/sheet1.xml"].replace("<sheetData>", "<sheetData><!-- odd -->")
    made["xl/worksheets/sheet1.xml"] = sheet.replace("</sheetData>", far + "</sheetData>")
    return archive(made.items())


def test_more_memory_than_allowed_is_a_bomb() -> None:
    found = read(grid(256, 1_048_576))
    assert found.refused == "ARCHIVE_BOMB" and "新建的工作簿" in found.message


def test_more_time_than_allowed() -> None:
    assert read(many(400_000), cpu_seconds=1).refused == "ARCHIVE_BOMB"


def test_a_child_that_says_nothing() -> None:
    sent = frames(many(20_000), chunk_rows=1000, silence=0.6)
    next(sent)
    children()[0].suspend()
    assert list(sent)[-1].header["code"] == "FILE_UNREADABLE"
    assert not children()


def test_time_that_the_parent_takes_does_not_count() -> None:
    sent = frames(many(20_000), chunk_rows=500, silence=1.0)
    first = [next(sent) for _ in range(3)]
    time.sleep(1.5)
    assert [*first, *sent][-1].type == "end"


def test_cancelled_while_it_reads() -> None:
    stop = threading.Event()
    sent = frames(many(20_000), chunk_rows=500, cancelled=stop.is_set)
    next(sent)
    stop.set()
    with pytest.raises(cage.Cancelled):
        list(sent)
    assert not children()


def test_a_parent_that_wants_no_more() -> None:
    sent = frames(many(20_000), chunk_rows=500)
    next(sent)
    sent.close()  # type: ignore[attr-defined]
    assert not children()


# ---------------------------------------------------------------- its size, its silence


def caged_kilobytes() -> int:
    """The peak so far of the caged child of this process, and of no other child (a browser may be one)."""
    for pid in Path("/proc/self/task", str(os.getpid()), "children").read_text().split():
        if b"registry.intake.child" in Path("/proc", pid, "cmdline").read_bytes():
            found = re.search(r"VmHWM:\s+(\d+)", Path("/proc", pid, "status").read_text())
            return int(found[1]) if found else 0
    return 0


@pytest.mark.slow
def test_memory_of_parent_and_child() -> None:
    data = many(60_000)
    tracemalloc.start(1)
    rows = kilobytes = 0
    for frame in frames(data):
        kilobytes = max(kilobytes, caged_kilobytes())
        rows += frame.header["rows"] if frame.type == "chunk" else 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 60_000
    assert peak < 20 * 2**20 + len(data) // 10
    assert 0 < kilobytes < 400 * 1024


def test_no_message_holds_what_a_cell_holds(capfd: pytest.CaptureFixture[str]) -> None:
    rows = [
        ["李娜", cast.wrong_check(cast.LINA.id_number), "1390998000"],
        ["", cast.WANG.id_number[:-1], "x"],
        ["王建国" * 20, "6.50102E+17", "0998-2823456"],
    ]
    found = read(book(HEAD, *rows))
    text = " ".join(message for *_, message in found.told)
    assert len(found.told) >= 6
    assert not re.search(r"\d{7,}", text) and "李娜" not in text and "王建国" not in text
    assert capfd.readouterr() == ("", "")


# ---------------------------------------------------------------- frames


def test_frames_pack_and_unpack() -> None:
    stream = io.BytesIO(b"".join(pack("chunk", {"rows": 2, "heading": "姓名"}, b"a\tb\n")))
    frame = unpack(lambda count: bytearray(stream.read(count)))
    assert (frame.type, frame.header, bytes(frame.payload)) == (
        "chunk",
        {"rows": 2, "heading": "姓名"},
        b"a\tb\n",
    )


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff\0\0\0\0",
        b"\0\0\0\2" + (MAX_PAYLOAD + 1).to_bytes(4, "big") + b"{}",
        b"\0\0\0\2\0\0\0\0{}",
        b"\0\0\0\2\0\0\0\0[]",
        b"\0\0\0\3\0\0\0\0{,}",
    ],
)
def test_a_child_that_lies_about_its_frames(sent: bytes) -> None:
    stream = io.BytesIO(sent)
    with pytest.raises(BadFrame):
        unpack(lambda count: bytearray(stream.read(count)))


def test_the_file_handle_of_the_parent_stays_open_and_its_own() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(book(HEAD, *PEOPLE))
        file.flush()
        before = len(list(Path("/proc/self/fd").iterdir()))
        list(cage.run(cage.Request(spec=ROSTER), file))
        assert not file.closed
        assert len(list(Path("/proc/self/fd").iterdir())) == before
