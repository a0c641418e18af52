"""A new key while people read: nothing is unreadable at any moment, and history still agrees."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from registry.accounts.demo import demo_id_number
from registry.accounts.services import create_user
from registry.audit.models import Action
from registry.identity.current import keyring
from registry.lib.scope import Scope
from registry.people import queries, rotation
from registry.people.models import BankAccount, Document, Person, Phone
from tests import key_files
from tests import town as towns
from tests.sheets.roster_cases import _card as card
from tests.town import Town, loaded, people, person, proved, roster

HEAD = ("姓名", "身份证号", "联系电话", "开户银行", "银行户名", "银行账号")
COUNT = 60


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> dict[str, Path]:
    paths = key_files.made(tmp_path)
    settings.KEYRING_FILE = paths["old"]
    return paths


@pytest.mark.django_db
def test_the_numbers_of_staff_move_to_the_new_key_as_well(files: dict[str, Path], settings: Any) -> None:
    user = create_user(username="u", password=None, id_number=demo_id_number(0), actor=None)
    assert user.holder is not None
    settings.KEYRING_FILE = files["both"]
    assert rotation.left("idno") == 1
    assert rotation.rotate("idno") == 1
    settings.KEYRING_FILE = files["new"]
    user.holder.refresh_from_db()
    assert user.holder.sealed is not None
    assert keyring().open_(bytes(user.holder.sealed), "idno", user.holder.pk).decode() == demo_id_number(0)


def register(town: Town) -> None:
    rows = [[p.name, p.id_number, p.phone, "示例银行", p.name, card(p)] for p in people(COUNT)]
    loaded(town, "roster", roster([], *rows, head=HEAD))


@pytest.fixture
def town(files: dict[str, Path], transactional_db: None) -> Town:
    made = towns.build()
    register(made)
    return made


def opened() -> set[str]:
    ring = keyring()
    return {
        ring.open_(bytes(row.sealed), purpose, row.pk).decode()
        for model, purpose in ((Document, "idno"), (Phone, "phone"), (BankAccount, "bank"))
        for row in model.objects.all()
    }


def test_values_move_to_the_new_key_and_the_old_one_can_go(
    town: Town, files: dict[str, Path], settings: Any
) -> None:
    before = opened()
    assert len(before) == 3 * COUNT
    settings.KEYRING_FILE = files["both"]
    for purpose in ("idno", "phone", "bank"):
        out = io.StringIO()
        call_command("keys", "rotate", "--purpose", purpose, "--chunk", "25", stdout=out)
        assert f"已重新加密 {COUNT} 行,剩余 0 行" in out.getvalue()
    settings.KEYRING_FILE = files["new"]
    assert opened() == before
    assert queries.search(Scope.all(), person(7).id_number).count() == 1
    assert Action.objects.filter(code="keys.rotate").count() == 9
    proved()
    assert rotation.rotate("idno") == 0, "a second run has nothing to do"


def test_it_goes_on_where_it_was_cut_off(
    town: Town, files: dict[str, Path], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEYRING_FILE = files["both"]

    def stops(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate("idno", chunk_rows=20, told=stops)
    assert rotation.left("idno") == COUNT - 20
    proved()
    assert rotation.rotate("idno", chunk_rows=20) == COUNT - 20


def test_readers_never_meet_a_value_that_does_not_open(
    town: Town, files: dict[str, Path], settings: Any
) -> None:
    settings.KEYRING_FILE = files["both"]
    going, faults, reads = threading.Event(), [], [0]

    def read() -> None:
        try:
            while not going.is_set():
                reads[0] += len(opened()) == 3 * COUNT
        except Exception as error:  # told by the test itself
            faults.append(error)
        finally:
            connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for purpose in ("idno", "phone", "bank"):
        rotation.rotate(purpose, chunk_rows=3)
    going.set()
    for reader in readers:
        reader.join()
    assert not faults and reads[0] > 2
    assert not any(rotation.left(purpose) for purpose in rotation.TABLES)


def test_rows_that_somebody_holds_are_passed_over_and_taken_later(
    town: Town, files: dict[str, Path], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEYRING_FILE = files["both"]
    monkeypatch.setattr(rotation, "PASSES", 1)
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SELECT 1 FROM people_phone ORDER BY id LIMIT 1 FOR UPDATE")
        with pytest.raises(SystemExit):
            call_command("keys", "rotate", "--purpose", "phone", stdout=io.StringIO())
        assert rotation.left("phone") == 1
        holder.rollback()
    finally:
        holder.close()
    assert rotation.rotate("phone") == 1


def test_a_change_behind_the_record_is_not_covered_up(
    town: Town, files: dict[str, Path], settings: Any
) -> None:
    settings.KEYRING_FILE = files["both"]
    Person.objects.filter(name=person(3).name).update(name="改名")
    with pytest.raises(CommandError, match="audit verify"):
        call_command("keys", "rotate", "--purpose", "idno", stdout=io.StringIO())
    assert rotation.left("idno") == COUNT


def test_a_value_that_does_not_open_stops_it(town: Town, files: dict[str, Path], settings: Any) -> None:
    settings.KEYRING_FILE = files["both"]
    first, second = Phone.objects.order_by("pk")[:2]
    Phone.objects.filter(pk=first.pk).update(sealed=bytes(second.sealed))
    with pytest.raises(CommandError, match="无法解开"):
        call_command("keys", "rotate", "--purpose", "phone", stdout=io.StringIO())
