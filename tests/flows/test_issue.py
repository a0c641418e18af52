"""From a closed batch to certificates on record: the clerk draws up, the signatory agrees, the worker issues."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app

from certificates.evaluations.models import Body, Candidate, Exam, Score, Site
from certificates.issuance import issue_tasks, issuing, keys
from certificates.issuance.act_models import Measure
from certificates.issuance.models import Attestation, Certificate, Order, SigningKey
from registry.accounts.models import Role
from registry.institutions.models import Institution
from registry.occupations.models import Occupation
from registry.review.models import Case
from tests import certified
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

DAY = dt.date(2026, 3, 14)


def drain() -> None:
    """Do all issuing that waits, as a worker does."""
    with app.replace_connector(app.connector.get_worker_connector()) as queue:
        queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, queues=["issuance"])


def closed_batch(body: Institution, results: str) -> Exam:
    """One candidate for each letter: p passed, f failed."""
    filed = Body.objects.create(
        institution=body,
        kind=Body.Kind.THIRD_PARTY,
        letter="S",
        province_code="65",
        serial="000123",
        filed_name=body.name,
        valid_from=certified.ALWAYS,
    )
    site = Site.objects.create(
        body=filed, name="考点一", region_id=body.region_id, valid_from=certified.ALWAYS
    )
    exam = Exam.objects.create(
        body=filed,
        institution=body,
        number="2026-01",
        site=site,
        region_code=body.region_id,
        occupation=Occupation.objects.get(code=certified.OCCUPATION[0]),
        level_id=4,
        exam_on=DAY,
        state=Exam.State.PUBLISHED,
    )
    people = [Candidate.objects.create(exam=exam, person=one) for one in certified.people(len(results))]
    Exam.objects.filter(pk=exam.pk).update(state=Exam.State.EXAMINED)
    clerk, signer = certified.officers(body)
    for one, letter in zip(people, results, strict=True):
        Score.objects.create(
            candidate=one,
            theory=70,
            practice=70,
            result={"p": "pass", "f": "fail"}[letter],
            entered_by=clerk,
        )
    Exam.objects.filter(pk=exam.pk).update(state=Exam.State.SCORED)
    Exam.objects.filter(pk=exam.pk).update(
        state=Exam.State.LOCKED, locked_by=signer, locked_at=timezone.now()
    )
    Exam.objects.filter(pk=exam.pk).update(state=Exam.State.CLOSED, closed_at=timezone.now())
    return exam


def approve(client: Client, case: Case) -> Any:
    return client.post(
        f"/review/{case.pk}/decide/", {"step": case.step, "version": case.row_version, "outcome": "approve"}
    )


def listed_for_revoking(signer: Client, home: str, exam: Exam, numbers: list[str]) -> None:
    """From the order and from the exam to the list of its certificates; then the same as a sheet, told by its rows."""
    new = "/certificates/measures/new/revoke/"
    order = f"?order={home.split('/')[-2]}"
    assert f"{new}{order}" in signer.get(home).content.decode()
    assert f"{new}?exam={exam.pk}" in signer.get(f"/evaluations/{exam.pk}/").content.decode()
    for source in (order, f"?exam={exam.pk}"):
        page = signer.get(new + source).content.decode()
        assert "已列出本批 3 本证书" in page and "\n".join(numbers) in page
    assert "没有可以撤销的证书" in signer.get(f"{new}?exam=99999").content.decode()
    blank = signer.get(f"{new}template.xlsx").content
    heads = [cell.value for cell in openpyxl.load_workbook(io.BytesIO(blank)).worksheets[0][1]]
    assert heads == ["证书编号", "姓名", "原因", "说明"]
    holder = Certificate.objects.get(number=numbers[0]).person.name
    sheet = "\n".join(
        (
            "证书编号,姓名,原因,说明",
            f"{numbers[0]},{holder},考试违规，成绩无效,第二场",
            "",
            f"{numbers[1]},别人,,",
            f"{numbers[2]},,没有这样的原因,",
        )
    )

    def upload(text: str) -> Any:
        file = SimpleUploadedFile("名单.csv", text.encode())
        return signer.post(new, {"reason": "batch", "file": file}, follow=True)

    page = upload(sheet).content.decode()
    measure = Measure.objects.get()
    rows = list(measure.rows.order_by("position").values_list("row_no", "problem", "reason", "note"))
    assert rows == [(2, "", "exam", "第二场"), (4, "other_name", "batch", ""), (5, "no_reason", "", "")]
    assert "可以办理 1 行，不能办理 2 行" in page and "姓名与证书登记的不一致" in page
    # What is no such list is turned away as a whole.
    refused = upload("姓名,电话\n某人,13800000000\n")
    assert refused.status_code == 422 and Measure.objects.count() == 1
    measure.delete()


def test_a_closed_batch_becomes_certificates_after_two_people_agreed() -> None:
    body = certified.body()
    SigningKey.objects.all().delete()
    exam = closed_batch(body, "ppfp")
    eb, es = certified.officers(body)
    clerk, signer = sign_in(Client(), eb), sign_in(Client(), es)
    assert "为 2026-01 制证" in clerk.get("/").content.decode()
    page = clerk.get("/certificates/orders/new/").content.decode()
    assert "2026-01" in page and "合格 3 人" in page
    early = clerk.post("/certificates/orders/new/", {"exam": exam.pk, "issued_on": "2026-03-01"})
    assert early.status_code == 422 and "考试日期" in early.content.decode()
    made = clerk.post("/certificates/orders/new/", {"exam": exam.pk, "issued_on": "2026-03-20"})
    order = Order.objects.get()
    home = f"/certificates/orders/{order.pk}/"
    assert made.url == home
    page = clerk.get(home).content.decode()
    assert "成绩未合格或未锁定" in page and "提交签发" in page and (order.total, order.refused) == (4, 1)
    assert "2026-01" not in clerk.get("/certificates/orders/new/").content.decode()

    # Without a key nothing is handed in; the signatory publishes one, which is at once in use.
    assert "还没有签发密钥" in clerk.post(f"{home}submit/", follow=True).content.decode()
    signer.post("/certificates/keys/publish/", {"year": dt.date.today().year})
    key = SigningKey.objects.get()
    assert key.kid in signer.get("/certificates/keys/").content.decode() and key.state == "active"
    assert "等待签发人签发" in clerk.post(f"{home}submit/", follow=True).content.decode()
    case = Case.objects.get(kind="certificates.issue")
    assert approve(clerk, case).status_code == 403
    assert Certificate.objects.count() == 0
    assert approve(signer, case).status_code == 302
    drain()
    drain()
    order.refresh_from_db()
    assert (order.state, order.prepared, order.signed, order.refused) == ("done", 3, 3, 1)
    first_screen = clerk.get("/").content.decode()
    assert "打印 3 份" in first_screen and "2026-01" not in first_screen
    page = signer.get(home).content.decode()
    numbers = list(Certificate.objects.order_by("pk").values_list("number", flat=True))
    assert numbers == [f"S000065000123263{n:06d}" for n in (1, 2, 3)] and all(one in page for one in numbers)
    assert (
        Certificate.objects.filter(first_high=True, basis="issued", region_code=body.region_id).count() == 3
    )

    listed_for_revoking(signer, home, exam, numbers)
    # The same batch again: everybody has been issued to; nothing is there to hand in.
    again = clerk.post("/certificates/orders/new/", {"exam": exam.pk, "issued_on": "2026-03-20"})
    assert again.status_code == 422
    returned = certified.order(body, certified.people(2), state="draft")
    clerk.post(f"/certificates/orders/{returned.pk}/submit/")
    waiting = Case.objects.get(subject_id=str(returned.pk))
    # What was agreed to is what is on the list.
    returned.lines.first().delete()
    assert approve(signer, waiting).status_code == 403
    signer.post(
        f"/review/{waiting.pk}/decide/",
        {"step": waiting.step, "version": waiting.row_version, "outcome": "return", "reason": "名单有变"},
    )
    clerk.post(f"/certificates/orders/{returned.pk}/cancel/")
    returned.refresh_from_db()
    assert returned.state == "cancelled"


def test_a_key_that_somebody_else_may_have_signs_nothing_more_once_two_agree() -> None:
    body = certified.body()
    _eb, es = certified.officers(body)
    signer = sign_in(Client(), es)
    secretary = sign_in(Client(), make_user("sec", Role.SEC))
    key = SigningKey.objects.get()
    order = certified.order(body, certified.people(2), occupation=("6-18-02-04", "焊工"))
    issuing.prepare(order.pk)
    signer.post(f"/certificates/keys/{key.pk}/report/", {"reason": "备份介质遗失"})
    case = Case.objects.get(kind="certificates.key_compromised")
    assert approve(signer, case).status_code == 403
    key.refresh_from_db()
    assert key.state == "active"
    assert approve(secretary, case).status_code == 302
    with pytest.raises(keys.KeyCompromised):
        keys.signer(SigningKey.objects.get())
    assert "已泄露" in secretary.get("/certificates/keys/").content.decode()

    # What was to be signed with it is void; with a new key, at once in use, the same people get other numbers.
    assert set(Attestation.objects.values_list("state", flat=True)) == {"void"}
    issue_tasks.go_on.func(0)
    drain()
    assert Certificate.objects.count() == 0
    signer.post("/certificates/keys/publish/", {"year": dt.date.today().year})
    issue_tasks.go_on.func(0)
    drain()
    order.refresh_from_db()
    assert (order.state, order.signed) == ("done", 2)
    assert list(Attestation.objects.order_by("serial").values_list("serial", "state")) == [
        (1, "void"),
        (2, "void"),
        (3, "signed"),
        (4, "signed"),
    ]

    # The next year's waits for those who keep copies, and takes over when it is that year.
    year = dt.date.today().year
    later = keys.publish(body.pk, year + 1, actor=es)
    assert later.state == "published" and keys.rotate(body.pk).year == year
    assert keys.rotate(body.pk, now=later.published_at + dt.timedelta(days=8)).year == year
    assert keys.rotate(body.pk, now=later.published_at + dt.timedelta(days=370)).pk == later.pk
