"""Intake over the API: the contract's answer, the reader's scope, and no second effect."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registry.accounts.models import Role
from registry.intake import services
from registry.intake.models import Batch
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

SHEET = "姓名,身份证号,民族\n张伟,11010519491231002X,汉\n,110101199003077571,汉\n".encode()


def hand_in(client: Any, **fields: Any) -> Any:
    file = SimpleUploadedFile("名册.csv", SHEET, content_type="text/csv")
    return client.post("/api/intake/batches", {"kind": "roster", "file": file, **fields})


@pytest.fixture
def desk(client: Any) -> Any:
    world = make_world()
    sign_in(client, make_user("desk", Role.RG, region=world.province))
    return client


def test_a_sheet_is_handed_in_checked_and_answered_as_on_the_command_line(desk: Any) -> None:
    taken = hand_in(desk)
    assert taken.status_code == 202, taken.content
    batch = taken.json()["batch"]
    services.check(UUID(batch))
    said = desk.get(f"/api/intake/batches/{batch}").json()
    assert said["counts"]["read"] == 2 and said["sheet"]["ignored_columns"] == ["民族"]
    assert (3, "姓名", "NAME_MISSING") in [(i["row"], i["column"], i["code"]) for i in said["issues"]]


def test_handing_in_twice_leads_to_the_same_batch(desk: Any) -> None:
    assert hand_in(desk).json()["batch"] == hand_in(desk).json()["batch"]
    assert Batch.objects.count() == 1


def test_a_faulty_sheet_is_not_committed_whole(desk: Any) -> None:
    batch = hand_in(desk).json()["batch"]
    services.check(UUID(batch))
    answer = desk.post(
        f"/api/intake/batches/{batch}/commit", {"valid_rows_only": False}, content_type="application/json"
    )
    assert answer.status_code == 422 and "批次" in answer.json()["message"]


def test_an_unknown_kind_or_class_says_so(desk: Any) -> None:
    assert hand_in(desk, kind="novel").status_code == 422
    assert "班级" in hand_in(desk, klass="没有这个班").json()["message"]


def test_another_office_sees_nothing(client: Any) -> None:
    world = make_world()
    sign_in(client, make_user("desk", Role.RG, region=world.province))
    batch = hand_in(client).json()["batch"]
    sign_in(client, make_user("elsewhere", Role.C1, region=world.elsewhere))
    assert client.get(f"/api/intake/batches/{batch}").status_code == 404


def test_strangers_are_sent_away(client: Any) -> None:
    assert client.get("/api/intake/kinds").status_code == 401
