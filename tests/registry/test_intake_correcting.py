"""The pages of correcting on screen: who sees which row, what is filled in, what is said when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.accounts.models import Role, User
from registry.intake import corrections, reading, services
from registry.intake.models import Batch, RejectedRow
from tests import town as towns
from tests.registry.places import make_user
from tests.registry.test_intake_corrections import WHO, WRONG, correct, faulty, look, sheet
from tests.sheets import cast
from tests.signing import sign_in
from tests.town import Town, hand_in, people, roster


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def batch(town: Town) -> Batch:
    """Four people, of whom the second has a wrong check character (row 3)."""
    return faulty(town)


def client_of(town: Town, role: Role = Role.RG, **place: Any) -> Client:
    user = make_user(f"{role}-{len(place)}-{User.objects.count()}", role, **place)
    client = Client()
    sign_in(client, user)
    return client


def url(batch: Batch, row: int = 3) -> str:
    return f"/intake/{batch.pk}/rows/{row}/"


def test_hidden_numbers_are_never_filled_in(town: Town, batch: Batch) -> None:
    page = client_of(town, region_id=towns.PROVINCE).get(url(batch)).content.decode()
    assert WRONG not in page and WHO[1].id_number not in page
    assert f"原件：{WRONG[:6]}********{WRONG[-4:]}" in page
    assert WHO[1].name in page and "校验" in page


def test_what_was_typed_stays_when_somebody_was_quicker(town: Town, batch: Batch) -> None:
    client = client_of(town, region_id=towns.PROVINCE)
    typed = {"seen": "0", "cell.level": "四级", **_as_it_is(batch)}
    correct(town, batch)
    answer = client.post(url(batch), typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and f"刚由 {town.clerk} 更正过" in page and 'value="四级"' in page
    assert set(corrections.patches(batch)[3]) == {"id_number"}
    assert 'name="seen" value="1"' in page
    assert client.post(url(batch), {**typed, "seen": "1"}).status_code == 302
    assert corrections.patches(batch)[3] == {"id_number": WHO[1].id_number, "level": "四级"}


def _as_it_is(batch: Batch) -> dict[str, str]:
    """The fields of a form that nobody touched, but for the level."""
    return {f"cell.{cell.key}": cell.now for cell in look(batch).cells if cell.key != "level"}


def test_the_next_faulty_row_opens_by_itself(town: Town) -> None:
    spoilt = [who.numbered(cast.wrong_check(who.id_number)) for who in WHO[:3]]
    batch = towns.check(town, "roster", roster(spoilt))
    client = client_of(town, region_id=towns.PROVINCE)
    typed = {"seen": "0", "cell.id_number": WHO[0].id_number, "cell.name": WHO[0].name, "next": "1"}
    assert client.post(url(batch, 2), typed).url == url(batch, 3)
    assert "已更正 1 行，尚未重新校验" in client.get(f"/intake/{batch.pk}/").content.decode()


def test_errors_stand_at_the_field_and_on_top(town: Town, batch: Batch) -> None:
    client = client_of(town, region_id=towns.PROVINCE)
    typed = {"seen": "0", **_as_it_is(batch)}
    answer = client.post(url(batch), {**typed, "cell.level": "长" * 201})
    assert answer.status_code == 422 and answer.content.decode().count("最多 200 个字") == 2
    answer = client.post(url(batch), {**typed, "cell.level": look(batch).came["level"]})
    assert answer.status_code == 422 and "没有改动任何单元格" in answer.content.decode()


def test_who_may_and_who_does_not_even_see(town: Town, batch: Batch) -> None:
    recheck = f"/intake/{batch.pk}/recheck/"
    away = client_of(town, Role.C1, region_id=towns.AWAY)
    assert {away.get(url(batch)).status_code, away.post(recheck).status_code} == {404}
    auditor = client_of(town, Role.AUD)
    assert {auditor.get(url(batch)).status_code, auditor.post(url(batch)).status_code} == {403}
    assert auditor.post(recheck).status_code == 403
    clerk = client_of(town, region_id=towns.PROVINCE)
    assert clerk.get(url(batch, 2)).status_code == 404
    assert clerk.get(recheck).status_code == 405
    assert "更正第 3 行" in clerk.get(f"/intake/{batch.pk}/").content.decode()
    assert "更正第 3 行" not in auditor.get(f"/intake/{batch.pk}/").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_batch_that_went_on_is_not_corrected_and_says_why(town: Town, batch: Batch, method: str) -> None:
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=True)
    client = client_of(town, region_id=towns.PROVINCE)
    answer = getattr(client, method)(url(batch), {"seen": "0"}, follow=True)
    assert services.NotAllowed.__doc__ in answer.content.decode()
    assert not RejectedRow.objects.exists()


def test_statements_of_the_pages_do_not_grow_with_corrections(town: Town) -> None:
    client = client_of(town, region_id=towns.PROVINCE)

    def statements(count: int, first: int) -> tuple[int, int]:
        who = people(count, first)
        spoilt = [each.numbered(cast.wrong_check(each.id_number)) for each in who]
        batch = towns.check(town, "roster", roster(spoilt))
        for n, each in enumerate(who):
            correct(town, batch, 2 + n, id_number=each.id_number)
        client.get(f"/intake/{batch.pk}/")
        found = []
        for path in (f"/intake/{batch.pk}/?view=corrected", url(batch, 2)):
            with CaptureQueriesContext(connection) as seen:
                assert client.get(path).status_code == 200
            found.append(len(seen))
        return found[0], found[1]

    assert statements(2, 100) == statements(12, 200)


def test_a_file_that_cannot_be_read_now_is_told(
    town: Town, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> Any:
        raise reading.Refused("FILE_UNREADABLE", "x")

    monkeypatch.setattr(reading, "row_by_key", refuses)
    answer = client_of(town, region_id=towns.PROVINCE).get(url(batch), follow=True)
    assert "原件这次未能读取" in answer.content.decode()


def test_the_answer_is_told_as_ever(town: Town, batch: Batch) -> None:
    """Corrections are no part of the contract's answer."""
    client = client_of(town, region_id=towns.PROVINCE)
    address = f"/api/intake/batches/{batch.pk}"
    before = client.get(address).json()
    correct(town, batch)
    assert client.get(address).json() == before
    said_no = client.post(f"{address}/commit", {"valid_rows_only": True}, content_type="application/json")
    assert said_no.status_code == 422 and "重新校验" in said_no.json()["message"]
    assert hand_in(town, "ledger", sheet()).pk == batch.pk
