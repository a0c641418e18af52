"""How far a batch is, as a page shows it: stages, one bar that never goes back, time gone and to come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise

from registry.intake.models import Batch
from registry.intake.progress import LABELS, STAGES

State = Batch.State

WORKING = (State.RECEIVED, State.CHECKING, State.COMMITTING)
_ENDED = (State.COMMITTED, State.CANCELLED, State.REFUSED)
# Too little is known in the first moments to say when it will end.
_TELLING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: ``state`` is done, current or wait; ``bad`` when it stopped there."""

    label: str | Promise
    state: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """``part`` of ``whole`` is the bar over all stages; ``done`` of ``total`` are rows of the present stage.

    ``elapsed`` and ``left`` are seconds; ``left`` is None when nothing can be said.
    """

    steps: list[Step]
    done: int
    total: int | None
    part: int
    elapsed: float
    left: float | None
    working: bool
    cancelling: bool
    whole: int = 1000


def shown(batch: Batch, now: dt.datetime | None = None) -> Shown:
    """The progress of a batch with its ``progress`` loaded."""
    progress = batch.progress
    now = now or timezone.now()
    working = batch.state in WORKING
    at = _place(batch)
    told = not working or (at < len(STAGES) and progress.stage == STAGES[at])
    share = _share(batch, at)
    elapsed = max(0.0, ((now if working else progress.updated_at) - progress.started_at).total_seconds())
    left = elapsed * (1 - share) / share if working and progress.total and share > _TELLING_SHARE else None
    return Shown(
        steps=_steps(batch, at),
        done=progress.done if told else 0,
        total=progress.total if told else None,
        part=round(1000 * (at + share) / len(STAGES)),
        elapsed=elapsed,
        left=left,
        working=working,
        cancelling=working and progress.cancel_asked,
    )


def _place(batch: Batch) -> int:
    """Index of the stage it stands in; the number of stages when all are behind it."""
    if batch.state == State.COMMITTED:
        return len(STAGES)
    if batch.state == State.REVIEW:
        return STAGES.index("review")
    if batch.state == State.COMMITTING:
        return STAGES.index("commit")
    stage = batch.progress.stage
    return STAGES.index(stage) if stage in STAGES else 0


def _share(batch: Batch, at: int) -> float:
    """How much of the present stage is done, 0 to 1; counts of another stage say nothing about it."""
    progress = batch.progress
    if at >= len(STAGES) or progress.stage != STAGES[at] or not progress.total:
        return 0.0
    return min(1.0, progress.done / progress.total)


def _steps(batch: Batch, at: int) -> list[Step]:
    stopped = batch.state in (State.FAILED, State.REFUSED, State.CANCELLED)
    return [
        Step(LABELS[stage], "done" if n < at else "current" if n == at else "wait", bad=stopped and n == at)
        for n, stage in enumerate(STAGES)
    ]
