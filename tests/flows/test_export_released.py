"""Many rows on their way out, over HTTP and through the queue: asked for, released by another person, made, fetched."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from procrastinate.contrib.django import app

from registry.accounts.models import Role
from registry.exports import services, sources
from registry.exports.models import Export, ExportContent, ReadingLimit
from registry.people.models import Person
from registry.review.models import Case
from tests.flows.conftest import Desk
from tests.registry.places import make_user
from tests.signing import sign_in

ASKED = {"reason_code": "report", "purpose": "报自治区人社厅年度统计"}


def drain() -> None:
    """Do all making that waits, as a worker does."""
    with app.replace_connector(app.connector.get_worker_connector()) as queue:
        queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, queues=["exports"])


def waiting(desk: Desk) -> tuple[Export, Case]:
    """The clerk of the province asks for more rows than one person may have."""
    ReadingLimit.objects.filter(code="export_rows_alone").update(value=1)
    page = desk.page("/exports/new/enrolments/")
    assert "须由另一人复核" in page and "提交复核" in page
    answer = desk.client.post("/exports/new/enrolments/", ASKED)
    export = Export.objects.get()
    assert answer.url == f"/exports/{export.pk}/" and "待复核" in desk.page(answer.url)
    return export, Case.objects.get(pk=export.case_id)


def test_from_asking_to_the_file(desk: Desk) -> None:
    export, case = waiting(desk)
    drain()
    assert desk.client.post(f"/exports/{export.pk}/file/").status_code == 302  # not yet

    second = sign_in(Client(), make_user("second", Role.RG, region_id="650000"))
    told = second.get(f"/review/{case.pk}/").content.decode()
    assert "导出大量明细" in told and ASKED["purpose"] in told and f"{export.rows:,}" in told
    decided = {"step": case.step, "version": case.row_version, "outcome": "approve"}
    assert second.post(f"/review/{case.pk}/decide/", decided).status_code == 302
    assert "生成" in desk.page(f"/exports/{export.pk}/")
    drain()

    export.refresh_from_db()
    assert (export.state, export.done) == ("ready", export.rows)
    # Whoever agreed has no file by it.
    assert second.post(f"/exports/{export.pk}/file/").status_code == 404
    file: Any = desk.client.post(f"/exports/{export.pk}/file/")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(file.streaming_content))).active
    assert sheet.max_row == 1 + export.rows + 2 and export.number in sheet.cell(sheet.max_row, 1).value
    inside = {person for content in ExportContent.objects.all() for person in content.persons}
    assert inside == set(Person.objects.filter(enrolments__isnull=False).values_list("pk", flat=True))


def test_whoever_asked_does_not_release_it(desk: Desk) -> None:
    export, case = waiting(desk)
    decided = {"step": case.step, "version": case.row_version, "outcome": "approve"}
    again = make_user("again", Role.RG, holder=desk.world.clerk.holder, region_id="650000")
    for client in (desk.client, sign_in(Client(), again)):
        assert client.post(f"/review/{case.pk}/decide/", decided).status_code == 403
    drain()
    export.refresh_from_db()
    assert export.state == "waiting"


def test_a_file_whose_making_was_cut_off_is_made_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes it dies over the second row; a worker begins anew, and nobody stands in the file twice."""
    lines = sources.get("enrolments").lines

    def dies(*asked: Any) -> Any:
        found = lines(*asked)
        yield next(found)
        raise KeyboardInterrupt

    broken = services.sources.Source(
        **{name: getattr(sources.get("enrolments"), name) for name in sources.Source.__slots__}
        | {"lines": dies}
    )
    with monkeypatch.context() as patch:
        patch.setitem(sources._sources, "enrolments", broken)
        with pytest.raises(KeyboardInterrupt):
            desk.client.post("/exports/new/enrolments/", ASKED)
    export = Export.objects.get()
    assert export.state == "making" and not ExportContent.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'exports.make'")
        assert cursor.rowcount == 1
    drain()
    export.refresh_from_db()
    assert export.state == "ready" and ExportContent.objects.count() == 1
