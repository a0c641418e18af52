"""Progress is true, told while the work is uncommitted, and never goes backwards."""

from __future__ import annotations

from typing import Any

import pytest

from registry.intake import progress, services
from registry.intake.models import Batch, Progress
from registry.intake.progress import STAGES, Cancelled, Teller
from tests import town as towns
from tests.town import State, entry, hand_in, ledger, people


@pytest.fixture
def batch(transactional_db: None) -> Batch:
    one = Batch.objects.create(kind="ledger", file_name="表.csv", file_bytes=1, file_sha256="0" * 64)
    Progress.objects.create(batch=one)
    return one


def shown(batch: Batch) -> tuple[str, int, int | None]:
    found = Progress.objects.get(pk=batch.pk)
    return found.stage, found.done, found.total


def test_what_is_told_is_shown(batch: Batch) -> None:
    with Teller(batch.pk) as teller:
        teller.tell("read", 400)
        assert shown(batch) == ("read", 400, None)
        teller.tell("read", 900, 1000)
        assert shown(batch) == ("read", 900, 1000)
        teller.tell("check", 0, 990)
        assert shown(batch) == ("check", 0, 990)


def test_work_that_starts_over_catches_up_before_it_shows_more(batch: Batch) -> None:
    with Teller(batch.pk) as teller:
        teller.tell("commit", 500, 990)
    with Teller(batch.pk) as again:
        again.tell("read", 1000, 1000)
        again.tell("check", 0, 990)
        assert shown(batch) == ("commit", 500, 990)
        again.tell("commit", 250, 990)
        assert shown(batch) == ("commit", 500, 990)
        again.tell("commit", 750, 990)
        assert shown(batch) == ("commit", 750, 990)


def test_the_teller_hears_a_wish_to_stop(batch: Batch) -> None:
    with Teller(batch.pk) as teller:
        teller.tell("read", 1)
        Progress.objects.update(cancel_asked=True)
        with pytest.raises(Cancelled):
            teller.tell("read", 2)


def test_a_whole_import_moves_forward_and_is_seen_from_outside(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = towns.build()
    monkeypatch.setattr(services, "SPAN_ROWS", 10)
    batch = hand_in(town, "ledger", ledger([entry(who, n) for n, who in enumerate(people(35))]))
    seen: list[tuple[int, int]] = []
    tell = progress.Teller.tell

    def told(self: Any, stage: str, done: int, total: int | None = None) -> None:
        tell(self, stage, done, total)
        with self._connection.copy().cursor() as elsewhere:
            elsewhere.execute("SELECT stage, done FROM intake_progress WHERE batch_id = %s", [batch.pk])
            ((name, rows),) = elsewhere.fetchall()
            elsewhere.db.close()
        seen.append((STAGES.index(name), rows))

    monkeypatch.setattr(progress.Teller, "tell", told)
    assert services.load(batch.pk, valid_rows_only=False).state == State.COMMITTED
    assert seen == sorted(seen)
    assert [rows for stage, rows in seen if STAGES[stage] == "commit"] == [10, 20, 30, 35]
    assert shown(batch) == ("commit", 35, 35)
