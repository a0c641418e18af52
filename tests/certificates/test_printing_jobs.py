"""Printing an order over HTTP: one file for its asker, a sheet for each certificate, and what becomes of sheets."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from certificates.evaluations.models import Photo
from certificates.issuance import cose, issuing, payload
from certificates.issuance.models import Attestation, Certificate, Order
from certificates.printing import defaults, lacking, services, stock, store
from certificates.printing.models import PageLayout, PrintCopy, PrintJob
from registry.accounts.models import Role
from registry.audit.models import Action
from registry.identity.current import keyring
from registry.identity.keyring import PHOTO
from registry.identity.uuid7 import uuid7
from registry.rights import keepers
from tests import certified
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


def portrait(person: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (295, 413), "white").save(out, "JPEG")
    row = uuid7()
    Photo.objects.create(
        id=row,
        person=person,
        sealed=keyring().seal(out.getvalue(), PHOTO, row),
        sha256="0" * 64,
        width=295,
        height=413,
    )
    return out.getvalue()


def pages(data: bytes) -> list[tuple[str, Any]]:
    """Text and picture of each page."""
    document = pypdfium2.PdfDocument(data)
    found = []
    for at in range(len(document)):
        page = document[at]
        text = page.get_textpage()
        found.append((text.get_text_range(), page.render(scale=2.2).to_pil()))
        text.close()
        page.close()
    document.close()
    return found


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.fixture
def stage() -> certified.Stage:
    defaults.load()
    return certified.build(3)


def test_an_order_is_printed_fetched_and_printed_again(client: Client, stage: certified.Stage) -> None:
    photo = portrait(stage.people[1])
    order = Order.objects.get()
    sign_in(client, stage.clerk)
    shown = client.get(reverse("printing:list"))
    assert (
        "待打印" in shown.content.decode()
        and reverse("printing:new", args=[order.pk]) in shown.content.decode()
    )
    new = reverse("printing:new", args=[order.pk])
    assert client.post(new, {"first_stock": "无数字"}).status_code == 400
    answer = client.post(new, {"first_stock": "xj 26 0098", "bilingual": "on"})
    job = PrintJob.objects.get()
    assert answer.headers["Location"] == reverse("printing:detail", args=[job.pk])
    assert (job.state, job.total, job.done, job.bilingual) == ("ready", 3, 3, True)
    assert list(job.copies.values_list("stock", "turn")) == [
        ("XJ260098", 1),
        ("XJ260099", 1),
        ("XJ260100", 1),
    ]
    fetched = client.post(reverse("printing:download", args=[job.pk]))
    data = body_of(fetched)
    assert fetched.headers["Content-Type"] == "application/pdf" and photo in data
    found = pages(data)
    for (text, picture), certificate, person, paper in zip(
        found, stage.certificates, stage.people, ("XJ260098", "XJ260099", "XJ260100"), strict=True
    ):
        assert all(
            each in text for each in (certificate.number, person.name, stage.body.name, paper, "四级/中级工")
        )
        (code,) = zxingcpp.read_barcodes(picture)
        attestation = Attestation.objects.get(pk=certificate.pk)
        address, fragment = code.text.split("#")
        assert address.endswith(f"/v/{attestation.code}")
        opened = cose.open_envelope(cose.of_fragment(fragment))
        assert payload.read(opened.payload).number == certificate.number
    # A second file of the same order has nothing left to print; a serial serves once.
    assert "没有待打印" in client.get(new).content.decode()
    again = reverse("printing:copies", args=[stage.certificates[0].pk])
    assert "已经用过" in client.post(again, {"first_stock": "XJ260099"}).content.decode()
    copy = PrintCopy.objects.get(certificate=stage.certificates[0])
    note = reverse("printing:note", args=[copy.pk])
    client.post(note, {"state": "spoiled", "reason": "jam"})
    client.post(note, {"state": "returned", "reason": "other"})
    copy.refresh_from_db()
    assert (copy.state, copy.reason, copy.state_by) == ("spoiled", "jam", stage.clerk)
    # A fourth sheet for three certificates is more than a tenth over.
    assert "请填写超量原因" in client.post(again, {"first_stock": "XJ260200"}).content.decode()
    client.post(again, {"first_stock": "XJ260200", "excess": "卡纸一张"})
    assert PrintJob.objects.latest("id").excess == "卡纸一张"
    second = PrintCopy.objects.get(certificate=stage.certificates[0], turn=2)
    assert second.stock == "XJ260200"
    assert stage.certificates[0].number in pages(b"".join(store.slices(second.job_id)))[0][0]
    for name in (job.pk, second.job_id):
        assert client.get(reverse("printing:detail", args=[name])).status_code == 200
    codes = list(
        Action.objects.filter(code__startswith="printing").values_list("code", flat=True).order_by("id")
    )
    assert codes == [
        "printing.ask", "printing.make", "printing.download", "printing.sheet", "printing.ask", "printing.make",
    ]  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        PrintCopy.objects.filter(pk=second.pk).update(stock="XJ260001")


def test_only_who_may_gets_a_file_and_only_while_it_stands(client: Client, stage: certified.Stage) -> None:
    certificate = stage.certificates[0]
    one = reverse("printing:one", args=[certificate.pk])
    # The clerk of another body, and one of this body who did not confirm who they are.
    other = certified.build(0, name="另一评价机构").clerk
    sign_in(client, other)
    assert client.post(one).status_code == 404
    assert client.get(reverse("printing:copies", args=[certificate.pk])).status_code == 404
    sign_in(client, stage.clerk)
    first = body_of(client.post(one))
    assert first == body_of(client.post(one)) and certificate.number in pages(first)[0][0]
    # A file that was asked for is its asker's, until it expires.
    client.post(reverse("printing:new", args=[Order.objects.get(institution=stage.body).pk]), {})
    job = PrintJob.objects.get()
    sign_in(client, stage.signer)
    assert client.post(reverse("printing:download", args=[job.pk])).status_code == 404
    PrintJob.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert services.expire() == 1 and not job.parts.exists()
    # With an erased person goes every file in which they stand.
    sign_in(client, stage.clerk)
    client.post(reverse("printing:copies", args=[certificate.pk]), {})
    again = PrintJob.objects.latest("created_at")
    assert keepers.forget(Action.objects.latest("id"), [stage.people[1].pk])["print_files"] == 0
    assert services.destroy_with([certificate.person_id]) == 1 and not again.parts.exists()
    Certificate.objects.filter(pk=certificate.pk).update(state="suspended", state_on=dt.date.today())
    sign_in(client, stage.clerk)
    assert client.post(one).status_code == 404


def test_a_character_without_a_form_stops_the_issue(stage: certified.Stage) -> None:
    who = certified.people(2, names=["张\U0002a6d6", "欧阳𬱖"])
    order = certified.order(stage.body, who)
    issuing.issue(order.pk)
    refused, fine = order.lines.order_by("pk")
    assert (refused.refusal, fine.refusal) == (lacking.GLYPH_MISSING, "")
    assert "姓名 U+2A6D6" in refused.detail and "张" not in refused.detail


def test_an_administrator_moves_what_stands_on_a_page(client: Client, stage: certified.Stage) -> None:
    sign_in(client, make_user("sys", Role.SYS))
    page = reverse("printing:layout", args=["skill_level"])
    assert "<svg" in client.get(page).content.decode()
    shown = client.post(page, {"show": "", "name.x": "41.5", "bilingual": "on"}).content.decode()
    assert 'x="41.50"' in shown and "Certificate of Occupational" in shown
    assert PageLayout.objects.filter(family="skill_level").count() == 1
    today = dt.date.today().isoformat()
    for wrong in ({"name.x": "left"}, {"name.x": "400"}, {"note": ""}, {"valid_from": "2020-01-01"}):
        asked = {"keep": "", "name.x": "41.5", "note": "右移", "valid_from": today, **wrong}
        assert client.post(page, asked).status_code == 400
    client.post(page, {"keep": "", "name.x": "41.5", "note": "右移", "valid_from": today})
    kept = PageLayout.objects.get(family="skill_level", version=2)
    assert next(e["x"] for e in kept.data["elements"] if e["id"] == "name") == 41.5
    sample = client.get(reverse("printing:sample", args=["skill_level"]))
    assert "欧阳示例" in pages(sample.content)[0][0]
    with pytest.raises(DatabaseError), transaction.atomic():
        PageLayout.objects.update(note="改写")
    assert client.get(reverse("printing:layouts")).status_code == 200


def test_serials_of_paper_count_up() -> None:
    assert stock.run("新 a 0099".replace("新", ""), 2) == ["A0099", "A0100"]
    assert stock.run("", 2) == ["", ""] and stock.run("00", 1) == ["00"]
    for bad in ("A99", "A", "AB/1", "1" * 31):
        with pytest.raises(stock.BadStock):
            stock.run(bad, 2)
