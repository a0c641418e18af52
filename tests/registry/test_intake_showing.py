"""Progress as a page shows it: true, in stages, never backwards."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from registry.intake.models import Batch, Progress
from registry.intake.showing import Shown, shown

State = Batch.State
BEGAN = timezone.now()


def look(state: str, stage: str = "", done: int = 0, total: int | None = None, after: float = 10.0) -> Shown:
    batch = Batch(kind="roster", state=state)
    batch.progress = Progress(stage=stage, done=done, total=total, started_at=BEGAN, updated_at=BEGAN)
    return shown(batch, BEGAN + dt.timedelta(seconds=after))


# The road of one batch, as its worker tells it.
ROAD = [
    (State.RECEIVED, "", 0, None),
    (State.CHECKING, "", 0, None),
    (State.CHECKING, "read", 0, None),
    (State.CHECKING, "read", 400, 1000),
    (State.CHECKING, "read", 1000, 1000),
    (State.CHECKING, "check", 0, 1000),
    (State.CHECKING, "match", 1000, 1000),
    (State.REVIEW, "match", 1000, 1000),
    (State.COMMITTING, "match", 1000, 1000),
    (State.COMMITTING, "commit", 500, 1000),
    (State.COMMITTED, "commit", 1000, 1000),
]


def test_the_bar_never_goes_back() -> None:
    parts = [look(*step).part for step in ROAD]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0, 1000)


def test_rows_are_those_of_the_present_stage() -> None:
    assert (look(State.CHECKING, "read", 400, 1000).done, look(State.CHECKING, "read", 400, 1000).total) == (
        400,
        1000,
    )
    before_the_first_word = look(State.COMMITTING, "match", 1000, 1000)
    assert (before_the_first_word.done, before_the_first_word.total) == (0, None)


def test_time_to_come_is_told_only_when_it_can_be() -> None:
    assert look(State.CHECKING, "read", 500, 1000, after=10).left == pytest.approx(10)
    assert look(State.CHECKING, "read", 10, 1000).left is None
    assert look(State.CHECKING, "read", 10, None).left is None
    assert look(State.REVIEW, "match", 1000, 1000).left is None


@pytest.mark.parametrize(
    ("state", "stage", "current", "bad"),
    [
        (State.RECEIVED, "", "解析", False),
        (State.CHECKING, "check", "校验", False),
        (State.REVIEW, "match", "人工处理", False),
        (State.COMMITTING, "match", "入库", False),
        (State.FAILED, "check", "校验", True),
        (State.REFUSED, "read", "解析", True),
    ],
)
def test_where_it_stands(state: str, stage: str, current: str, bad: bool) -> None:
    steps = [step for step in look(state, stage).steps if step.state == "current"]
    assert [(str(step.label), step.bad) for step in steps] == [(current, bad)]


def test_all_is_behind_a_committed_batch() -> None:
    assert {step.state for step in look(State.COMMITTED, "commit", 9, 9).steps} == {"done"}
