"""Two processes clean a long text, and nobody can tell by what comes of it."""

from __future__ import annotations

import signal
from typing import Any, NoReturn

import psutil
import pytest

from registry.intake import cage
from registry.intake.relay import ReaderFailed
from registry.intake.twin import Twin
from tests.registry.harvesting import Read, harvest
from tests.registry.test_intake_cage import children, frames, many, read
from tests.sheets import cast
from tests.sheets.cells import Row
from tests.sheets.plain import delimited
from training.rosters.columns import ROSTER

BLOCK = 2_000  # rows that one of the two works on at a time
DITTO = "同上"


def long_text() -> bytes:
    """Dittos in the last row of a block, in the first one of the next, over three blocks, and faults in between."""
    people = cast.EVERYONE
    rows: list[Row] = [["姓名", "身份证号", "人员类别"]]
    for number in range(6 * BLOCK + 123):
        person = people[number % len(people)]
        category = "失业人员" if number % 500 == 0 else "农村转移就业劳动者"
        rows.append([person.name, person.id_number, category])
    for first, last in ((BLOCK - 1, BLOCK + 1), (2 * BLOCK + 5, 5 * BLOCK + 5), (6 * BLOCK, 6 * BLOCK + 1)):
        for number in range(first, last):
            rows[1 + number][2] = DITTO
    rows[3 * BLOCK][1] = "650102"
    rows[4 * BLOCK][0] = ""
    return delimited(rows)


def told(found: Read) -> Any:
    """All but what is drawn by chance for each row."""
    chance = ("person_uuid", "sealed", "phone_id", "phone_sealed", "account_id", "bank_sealed")
    rows = [{name: value for name, value in row.items() if name not in chance} for row in found.rows]
    return (
        rows,
        found.told,
        {name: found.end[name] for name in ("read", "bad", "cleaned_cells", "skipped_rows")},
    )


def test_two_come_to_what_one_comes_to() -> None:
    data = long_text()
    alone, shared = harvest(ROSTER, data, keep_examples=True), read(data, keep_examples=True)
    assert len(alone.rows) == 6 * BLOCK + 123 and alone.end["bad"] == 2
    assert told(shared) == told(alone)
    assert len(set(shared.staged("person_uuid"))) == len(shared.rows)


def twin_of(child: psutil.Process) -> psutil.Process:
    (found,) = child.children()
    return found


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGABRT, "ARCHIVE_BOMB"), (signal.SIGSEGV, "FILE_UNREADABLE")]
)
def test_a_twin_that_breaks_down_means_a_refusal(sign: signal.Signals, code: str) -> None:
    sent = frames(many(60_000), chunk_rows=1000)
    next(sent)
    next(sent)
    twin_of(children()[0]).send_signal(sign)
    assert list(sent)[-1].header["code"] == code
    assert not children()


def test_a_twin_killed_from_outside_is_not_the_files_fault() -> None:
    sent = frames(many(60_000), chunk_rows=1000)
    next(sent)
    next(sent)
    twin_of(children()[0]).kill()
    with pytest.raises(cage.ChildDied):
        list(sent)


def test_a_twin_goes_with_its_child() -> None:
    sent = frames(many(60_000), chunk_rows=1000)
    next(sent)
    next(sent)
    child = children()[0]
    twin = twin_of(child)
    child.kill()
    assert not psutil.wait_procs([twin], timeout=20)[1]
    sent.close()  # type: ignore[attr-defined]


def test_a_short_text_is_not_worth_a_second_process() -> None:
    sent = frames(many(3 * BLOCK), chunk_rows=1000)
    next(sent)
    next(sent)
    assert not children()[0].children()
    sent.close()  # type: ignore[attr-defined]


def test_tasks_are_done_in_turn_and_the_process_is_gone_afterwards() -> None:
    with Twin(lambda task: (sum(task), len(task))) as twin:
        for task in ((1, 2), (3,), ()):
            twin.hand(task)
            assert twin.take() == (sum(task), len(task))
        (process,) = psutil.Process().children()[-1:]
    assert not process.is_running()


@pytest.mark.parametrize(("error", "seen"), [(MemoryError, MemoryError), (KeyError, ReaderFailed)])
def test_errors_of_the_other_process(error: type[Exception], seen: type[Exception]) -> None:
    def fail(task: tuple[Any, ...]) -> NoReturn:
        raise error("650102199003071234")

    with Twin(fail) as twin:
        twin.hand((1,))
        with pytest.raises(seen) as raised:
            twin.take()
    assert "650102" not in str(raised.value)
