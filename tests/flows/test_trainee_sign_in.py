"""From a roster to its trainee's own page: handed in by a key, registered, then signed in by the telephone in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from registry.accounts.models import Role
from registry.apikeys import services as apikeys
from registry.intake.models import Batch
from tests.flows.conftest import Desk, drain
from tests.registry.knocking import knock, last_code
from tests.registry.places import make_user
from tests.sheets import cast
from tests.sheets.cells import Sheet
from tests.sheets.roster_cases import HEAD, line
from tests.sheets.xlsx import xlsx


def send_all() -> None:
    """What the worker for messages does with all that waits."""
    with app.replace_connector(app.connector.get_worker_connector()) as queue:
        queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, queues=["sms"])


@pytest.mark.django_db(transaction=True)
def test_a_school_hands_in_by_key_and_its_trainee_comes_in_by_telephone(
    desk: Desk, tmp_path: Path, settings: Any
) -> None:
    settings.SMS_GATEWAY, settings.SMS_FILE = "file", tmp_path / "sms.jsonl"
    principal = make_user("principal", Role.PP, institution=desk.world.school)
    issued = apikeys.issue(
        institution_id=desk.world.school.pk,
        issuer_role=Role.PP,
        purpose="教务系统",
        scopes=["roster:write"],
        actor=principal,
    )
    school = Client(headers={"Authorization": f"Bearer {issued.token}"})
    trainee = cast.ZULPIYA
    klass = desk.world.classes["KS-2026-01"]
    sheet = xlsx([Sheet("花名册", [HEAD, line(trainee)])])
    handed = {"kind": "roster", "klass": klass.number, "file": SimpleUploadedFile("名册.xlsx", sheet)}
    taken = school.post("/api/intake/batches", handed, headers={"Idempotency-Key": "roster-1"})
    assert taken.status_code == 202, taken.content
    batch = Batch.objects.get(pk=taken.json()["batch"])
    drain()
    committed = school.post(
        f"/api/intake/batches/{batch.pk}/commit",
        json.dumps({"valid_rows_only": False}),
        content_type="application/json",
        headers={"Idempotency-Key": "roster-1-commit"},
    )
    assert committed.status_code == 202, committed.content
    drain()
    batch.refresh_from_db()
    assert batch.state == Batch.State.COMMITTED

    visitor = Client()
    assert knock(visitor, trainee.name, trainee.id_number)["Location"] == "/door/code/"
    waiting = ProcrastinateJob.objects.get(task_name="accounts.sms")
    assert set(waiting.args) == {"message_id"}
    send_all()
    sent = json.loads(settings.SMS_FILE.read_text("utf-8"))
    assert sent["phone"] == trainee.phone
    inside = visitor.post("/door/code/", {"code": last_code(settings.SMS_FILE)})
    assert inside["Location"] == "/people/me/"
    page = visitor.get("/people/me/").content.decode()
    assert desk.world.school.name in page and trainee.id_number not in page
