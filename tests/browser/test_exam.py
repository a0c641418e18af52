"""An exam day at the screen: from the sheet of candidates to printed certificates, by two people."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import expect
from procrastinate.contrib.django import app

from certificates.evaluations.models import Assessor, Body, Candidate, Exam, Score, Site
from certificates.issuance import cose, payload
from certificates.issuance.models import Certificate
from registry.accounts.models import Role
from registry.institutions.models import Filing, FilingPurpose
from registry.occupations import queries as occupations
from tests.browser.conftest import PHONE, House, Visit, Visitor, beside
from tests.flows.conftest import drain
from tests.registry.places import SINCE, make_user
from tests.sheets import cast
from tests.sheets.cells import Sheet
from tests.sheets.xlsx import xlsx

pytestmark = pytest.mark.django_db

PEOPLE = (cast.AYGUL, cast.WANG, cast.TURSUN)


@pytest.fixture(scope="module")
def desk(house: House) -> dict[str, object]:
    school = house.world.school
    welding = occupations.resolve(["焊工"])["焊工"]
    Filing.objects.create(
        institution=school, purpose=FilingPurpose.ASSESS, occupation_id=welding, valid_from=SINCE
    )
    body = Body.objects.create(
        institution=school, kind=Body.Kind.THIRD_PARTY, letter="S", province_code="65", serial="310101",
        filed_name=school.name, valid_from=SINCE,
    )  # fmt: skip
    Site.objects.create(body=body, name="焊工考核站", region_id=school.region_id, valid_from=SINCE)
    for n in range(4):
        Assessor.objects.create(
            institution=school, name=f"考评{'甲乙丙丁'[n]}", blind_index=bytes([n]) * 32, mask="6531**********0011",
            may_examine=n < 3, valid_from=SINCE,
        )  # fmt: skip
    return {role: make_user(f"exam-{role}".lower(), role, institution=school) for role in (Role.EB, Role.ES)}


def _sheet(tmp_path: Path, name: str, rows: list[list[object]]) -> Path:
    path = tmp_path / name
    path.write_bytes(xlsx([Sheet("表", rows)]))
    return path


def _hand_in(visitor: object, path: Path) -> None:
    page = visitor.page  # type: ignore[attr-defined]
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="上传并校验").click()
    expect(page.locator("progress")).to_be_visible()
    beside(drain)
    page.get_by_role("button", name=re.compile("提交")).click()
    expect(page.locator("progress")).to_be_visible()
    beside(drain)
    expect(page.get_by_text("登记结果")).to_be_visible()


def test_from_sheet_to_closed_batch(desk: dict[str, object], visit: Visit, tmp_path: Path) -> None:
    clerk = visit(desk[Role.EB])
    page = clerk.page
    page.on("dialog", lambda dialog: dialog.accept())
    clerk.look("/evaluations/new/")
    page.get_by_label("等级").select_option("3")
    page.get_by_label("考试日期").fill("2026-11-14")
    page.get_by_role("button", name="建立批次").click()
    expect(page.get_by_role("heading", name="考务安排")).to_be_visible()
    exam = Exam.objects.get()
    clerk.judge("draft")
    for n in range(4):
        page.get_by_label("考务人员").select_option(label=f"考评{'甲乙丙丁'[n]}")
        page.get_by_label("职责").select_option(label="考评员" if n < 3 else "监考员")
        page.get_by_label("本人已声明").check()
        page.get_by_role("button", name="安排", exact=True).click()
        expect(page.locator("#duties tbody tr")).to_have_count(n + 1)

    page.get_by_role("link", name="上传考生名单").click()
    rows = [["姓名", "证件号码", "专业年限"], *([p.name, p.id_number, 6] for p in PEOPLE)]
    _hand_in(clerk, _sheet(tmp_path, "考生.xlsx", rows))
    clerk.look(f"/evaluations/{exam.pk}/candidates/")
    clerk.look(f"/evaluations/candidates/{Candidate.objects.earliest('id').pk}/")
    clerk.look(f"/evaluations/{exam.pk}/")
    page.get_by_role("button", name="发布批次").click()
    expect(page.locator(".page-head .tag")).to_have_text("已发布")
    page.get_by_role("button", name="考试已举行").click()
    page.get_by_role("link", name="上传成绩表").click()
    head = ["姓名", "身份证号码", "理论成绩", "实操成绩"]
    rows = [head, *([p.name, p.id_number, 80, 90 - n * 20] for n, p in enumerate(PEOPLE))]
    _hand_in(clerk, _sheet(tmp_path, "成绩.xlsx", rows))
    clerk.look(f"/evaluations/{exam.pk}/scores/")
    clerk.look(f"/evaluations/{exam.pk}/")
    page.get_by_role("button", name="成绩已齐").click()
    expect(page.locator(".page-head .tag")).to_have_text("已评分")
    expect(page.get_by_role("button", name="锁定成绩")).to_have_count(0)

    signer = visit(desk[Role.ES])
    signer.page.on("dialog", lambda dialog: dialog.accept())
    signer.look(f"/evaluations/{exam.pk}/")
    signer.page.get_by_role("button", name="锁定成绩").click()
    signer.page.get_by_role("button", name="办结批次").click()
    expect(signer.page.locator("h1 + .tag, .page-head .tag").first).to_have_text("已办结")
    results = Score.objects.order_by("candidate").values_list("result", flat=True)
    assert list(results) == ["pass", "pass", "fail"] and Exam.objects.get().state == "closed"
    signer.judge("closed")
    printed(clerk, signer, tmp_path)
    visitor = visit(desk[Role.EB], PHONE)
    for path in ("", "assessors/", f"{exam.pk}/", f"{exam.pk}/candidates/", "new/"):
        visitor.look(f"/evaluations/{path}")
    assert (clerk.faults, signer.faults, visitor.faults) == ([], [], [])


def printed(clerk: Visitor, signer: Visitor, tmp_path: Path) -> None:
    """The clerk draws up an order, the signatory publishes a key and agrees, and a file of certificates is printed."""
    page = clerk.page
    signer.look("/certificates/keys/")
    signer.page.get_by_role("button", name=re.compile("发布 .* 年密钥")).first.click()
    expect(signer.page.locator("main .tag").first).to_have_text("使用中")
    clerk.look("/certificates/orders/new/")
    page.get_by_role("button", name="生成签发单").click()
    expect(page.get_by_text("成绩未合格或未锁定").first).to_be_visible()
    clerk.judge("order")
    page.get_by_role("button", name="提交签发").click()
    expect(page.get_by_text("等待签发人签发").first).to_be_visible()
    signer.look("/review/")
    signer.page.locator("main a[href^='/review/']", has_text="签发").first.click()
    signer.page.get_by_role("button", name="通过", exact=True).click()
    expect(signer.page.get_by_role("button", name="通过", exact=True)).to_have_count(0)
    beside(issue)
    page.reload()
    expect(page.get_by_text("已签发").first).to_be_visible()
    clerk.judge("issued")
    clerk.look("/printing/")
    page.get_by_role("link", name=re.compile("打印")).last.click()
    page.get_by_label("流水码").fill("XJ260001")
    page.get_by_role("button", name=re.compile("打印 2 份")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 PDF").click()
    clerk.judge("printed")
    download.value.save_as(tmp_path / "证书.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "证书.pdf")
    numbers = list(Certificate.objects.filter(basis="issued").order_by("pk").values_list("number", flat=True))
    assert len(document) == len(numbers) == 2
    for at, number in enumerate(numbers):
        sheet = document[at]
        text = sheet.get_textpage()
        assert number in text.get_text_range() and PEOPLE[at].name in text.get_text_range()
        text.close()
        (code,) = zxingcpp.read_barcodes(sheet.render(scale=2.2).to_pil())
        opened = cose.open_envelope(cose.of_fragment(code.text.split("#")[1]))
        assert payload.read(opened.payload).number == number
        sheet.close()
    document.close()


def issue() -> None:
    """Do the issuing that waits, as a worker does."""
    with app.replace_connector(app.connector.get_worker_connector()) as queue:
        queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, queues=["issuance"])
