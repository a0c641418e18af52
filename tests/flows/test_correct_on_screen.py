"""A wrong number is corrected on screen: saved, judged with the whole sheet, registered, and led back to both texts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client

from registry.audit.models import Action
from registry.intake import services, tasks
from registry.intake.models import Batch, Progress, RejectedRow
from tests import killing
from tests.flows.conftest import Desk, drain
from tests.sheets import cast, ledger_cases
from training.enrolments.models import Enrolment

DATA = Path(__file__).resolve().parents[1] / "data"
STATES = Batch.State
WRONG, RIGHT = cast.wrong_check(cast.TURSUN.id_number), cast.TURSUN.id_number
ROW = 3


def under_review(desk: Desk) -> Batch:
    batch = desk.hand_in("ledger_id_check_digit.xlsx", (DATA / "ledger_id_check_digit.xlsx").read_bytes())
    assert (batch.state, batch.counts["accepted"], batch.counts["rejected"]) == (STATES.REVIEW, 2, 1)
    return batch


def fields(page: str) -> dict[str, str]:
    """What a browser sends of the form when nobody touches it."""
    found = re.findall(
        r'<input type="(?:text|hidden)" name="((?:cell\.|seen)[^"]*)"(?: value="([^"]*)")?', page
    )
    assert found
    return dict(found)


def correct(desk: Desk, batch: Batch, client: Client | None = None, **typed: str) -> int:
    client = client or desk.client
    address = f"/intake/{batch.pk}/rows/{ROW}/"
    opened = fields(client.get(address).content.decode())
    return client.post(
        address, {**opened, **{f"cell.{key}": text for key, text in typed.items()}}
    ).status_code


def test_from_a_wrong_number_to_a_record_that_shows_both(desk: Desk) -> None:
    batch = under_review(desk)
    review = desk.page(f"/intake/{batch.pk}/")
    assert f'href="/intake/{batch.pk}/rows/{ROW}/"' in review and "尚未重新校验" not in review
    assert correct(desk, batch, id_number=RIGHT) == 302

    review = desk.page(f"/intake/{batch.pk}/")
    assert "已更正 1 行，尚未重新校验" in review and "提交通过的" not in review
    refused = desk.client.post(f"/intake/{batch.pk}/commit/", follow=True).content.decode()
    assert "请先重新校验" in refused
    assert desk.client.post(f"/intake/{batch.pk}/recheck/").status_code == 302
    assert "总进度" in desk.page(f"/intake/{batch.pk}/")  # told as the first check is
    drain()
    batch.refresh_from_db()
    assert (batch.state, batch.counts["accepted"], batch.counts["rejected"]) == (STATES.REVIEW, 3, 0)
    assert "已更正 1" in desk.page(f"/intake/{batch.pk}/?view=corrected")

    assert desk.commit(batch).state == STATES.COMMITTED
    row = Enrolment.objects.get(batch_id=batch.pk, row_no=ROW)
    cells = desk.page(f"/enrolments/{row.pk}/cells/")
    assert re.search(rf"\*{WRONG[-4:]}</td><td>\d{{6}}\*+{RIGHT[-4:]}", cells)
    assert f"入库前由 {desk.world.clerk} 于" in cells
    other = Enrolment.objects.get(batch_id=batch.pk, row_no=2)
    assert "更正为" not in desk.page(f"/enrolments/{other.pk}/cells/")
    pages = review + cells + desk.page(f"/intake/{batch.pk}/?view=corrected")
    history = str(list(Action.objects.filter(subject_id=str(batch.pk)).values()))
    for secret in (WRONG, RIGHT):
        assert secret not in pages and secret not in history
    codes = list(
        Action.objects.filter(subject_id=str(batch.pk)).order_by("id").values_list("code", flat=True)
    )
    assert codes == [
        "intake.receive",
        "intake.correct",
        "intake.recheck",
        "intake.decide",
        "intake.commit.ledger",
    ]


def test_ten_clerks_and_a_double_click_have_one_effect(desk: Desk, again: Callable[[], Client]) -> None:
    batch = under_review(desk)
    browsers = [again() for _ in range(10)]

    def at_once(work: Callable[[Client], int]) -> list[int]:
        def alone(client: Client) -> int:
            try:
                return work(client)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(browsers)) as pool:
            return list(pool.map(alone, browsers))

    address = f"/intake/{batch.pk}/rows/{ROW}/"
    opened = fields(desk.page(address))
    sent = at_once(lambda client: client.post(address, {**opened, "cell.id_number": RIGHT}).status_code)
    # Those who came second are told, with what they typed still there.
    assert sorted(set(sent)) == [302, 422] and sent.count(302) == 1
    assert RejectedRow.objects.get().version == 1
    assert set(at_once(lambda client: client.post(f"/intake/{batch.pk}/recheck/").status_code)) == {302}
    assert Action.objects.filter(code="intake.recheck").count() == 1
    drain()
    batch.refresh_from_db()
    assert (batch.state, batch.counts["accepted"]) == (STATES.REVIEW, 3)
    assert (
        "这样办理"
        in desk.client.post(f"/intake/{desk.commit(batch).pk}/recheck/", follow=True).content.decode()
    )


@pytest.mark.slow
def test_a_killed_worker_forgets_no_correction(
    desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    rows = killing.ledger(0, 10_000, (ledger_cases.SCHOOL,)).decode().split("\r\n")
    number = rows[ROW - 1].split(",")[1]
    rows[ROW - 1] = rows[ROW - 1].replace(number, cast.wrong_check(number))
    batch = desk.hand_in("台账.csv", "\r\n".join(rows).encode())
    assert batch.counts["rejected"] == 1
    assert correct(desk, batch, id_number=number) == 302
    desk.client.post(f"/intake/{batch.pk}/recheck/")
    with killing.worker() as worker:
        _wait_for(batch, lambda: Progress.objects.get(batch=batch).done > 0)
        assert worker.kill()
        batch.refresh_from_db()
        assert (batch.state, batch.counts["rejected"]) == (STATES.CHECKING, 1)
        worker.ensure()
        tasks.enqueue_again(services.resume(batch.pk, actor=desk.world.clerk))
        _wait_for(batch, lambda: Batch.objects.get(pk=batch.pk).state == STATES.REVIEW)
    batch.refresh_from_db()
    assert (batch.counts["rejected"], batch.counts["accepted"]) == (0, 10_000)
    assert RejectedRow.objects.get().checked


def _wait_for(batch: Batch, happened: Callable[[], bool]) -> None:
    until = time.monotonic() + killing.PATIENCE
    while not happened():
        assert time.monotonic() < until, Batch.objects.get(pk=batch.pk).state
        time.sleep(killing.TICK)
