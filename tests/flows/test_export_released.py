"""Many rows on their way out, over HTTP and through the queue: asked for, released by another person, made, fetched."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from procrastinate.contrib.django import app

from certificates.issuance.models import Order
from registry.accounts import session_keys
from registry.accounts.models import Role
from registry.exports import services, sources
from registry.exports.models import Export, ExportContent, ReadingLimit
from registry.identity.current import keyring
from registry.identity.keyring import IDNO
from registry.lib.scope import Scope
from registry.people import looking
from registry.people.models import Person
from registry.review.models import Case
from tests import certified
from tests.flows.conftest import Desk
from tests.registry.places import make_user
from tests.signing import sign_in

ASKED = {"reason_code": "report", "purpose": "报自治区人社厅年度统计"}


def stale(client: Client) -> None:
    """Who this client is was proved too long ago."""
    session = client.session
    session[session_keys.CONFIRMED_AT] = 0
    session.save()


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
    # Whoever agreed sees what was asked for, and has no file by it; somebody else sees neither.
    assert f'href="/exports/{export.pk}/"' in told and ASKED["purpose"] in desk.page(f"/exports/{export.pk}/")
    shown = second.get(f"/exports/{export.pk}/").content.decode()
    assert ASKED["purpose"] in shown and f"/exports/{export.pk}/file/" not in shown
    third = sign_in(Client(), make_user("third", Role.C1, region_id="653101"))
    assert third.get(f"/exports/{export.pk}/").status_code == 404
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


@pytest.mark.django_db
def test_numbers_in_full_leave_only_when_a_second_person_agrees() -> None:
    """The report of certificates for the province: one row or many, asked, agreed to and fetched with proof anew."""
    stage = certified.build(2)
    documents = [person.documents.get() for person in stage.people]
    numbers = [keyring().open_(bytes(one.sealed), IDNO, one.pk).decode() for one in documents]
    signer = sign_in(Client(), stage.signer)
    address = "/exports/new/certificate-report-whole/"
    assert address in signer.get("/exports/new/certificate-report/").content.decode()
    assert sign_in(Client(), stage.clerk).get(address).status_code == 403
    assert "须由另一人批准" in signer.get(address).content.decode()
    order = Order.objects.get()
    wanted = f"/exports/new/certificate-report/?order={order.pk}"
    assert wanted in signer.get(f"/certificates/orders/{order.pk}/").content.decode()
    named = signer.get(wanted).content.decode()
    assert (
        f"{order.get_family_display()} {order.issued_on}" in named and f"{address}?order={order.pk}" in named
    )
    answer: Any = signer.post(f"{address}?order={order.pk}", ASKED)
    export = Export.objects.get()
    assert (answer.url, export.state, export.rows) == (f"/exports/{export.pk}/", "waiting", 2)
    services.make(export.pk)  # nobody has agreed
    case = Case.objects.get(kind="exports.release_whole")

    other = sign_in(Client(), make_user("es-2", Role.ES, institution=stage.body))
    above = sign_in(Client(), make_user("c2", Role.C2, region_id=certified.COUNTY))
    first = sign_in(Client(), make_user("c1", Role.C1, region_id=certified.COUNTY))
    assert "完整" in other.get(f"/review/{case.pk}/").content.decode()
    decided = {"step": case.step, "version": case.row_version, "outcome": "approve"}
    assert signer.post(f"/review/{case.pk}/decide/", decided).status_code == 403
    assert first.post(f"/review/{case.pk}/decide/", decided).status_code == 404
    stale(above)
    assert "/confirm/" in above.post(f"/review/{case.pk}/decide/", decided).headers["Location"]
    assert Case.objects.get(pk=case.pk).state == "open"
    assert other.post(f"/review/{case.pk}/decide/", decided).status_code == 302
    services.make(export.pk)
    export.refresh_from_db()
    assert export.state == "ready" and export.most_downloads == 2
    assert export.expires_at and export.made_at and (export.expires_at - export.made_at).days == 3

    fetch = f"/exports/{export.pk}/file/"
    assert other.post(fetch).status_code == 404
    stale(signer)
    assert "/confirm/" in signer.post(fetch).headers["Location"]
    export.refresh_from_db()
    assert export.downloads == 0
    file: Any = sign_in(Client(), stage.signer).post(fetch)
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(file.streaming_content))).active
    rows = list(sheet.iter_rows(min_row=2, max_row=3, values_only=True))
    assert [row[2] for row in rows] == numbers and {row[1] for row in rows} == {"201"}
    assert [row[7] for row in rows] == [one.number for one in stage.certificates]
    assert export.number in sheet.cell(sheet.max_row, 1).value
    for person in stage.people:
        told = looking.readings(looking.actions(Scope.own(person.pk), person))
        assert [one.what for one in told] == ["导出证书数据上报表（完整号码），共 2 行"]
