"""An exam day at the screen: from the sheet of candidates to a closed batch, by two people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from certificates.evaluations.models import Assessor, Body, Candidate, Exam, Score, Site
from registry.accounts.models import Role
from registry.institutions.models import Filing, FilingPurpose
from registry.occupations import queries as occupations
from tests.browser.conftest import PHONE, House, Visit, beside
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
    expect(page.locator("progress")).to_be_visible(timeout=8000)
    beside(drain)
    page.get_by_role("button", name=re.compile("提交")).click(timeout=8000)
    expect(page.locator("progress")).to_be_visible(timeout=8000)
    beside(drain)
    expect(page.get_by_text("登记结果")).to_be_visible(timeout=8000)


def test_from_sheet_to_closed_batch(desk: dict[str, object], visit: Visit, tmp_path: Path) -> None:
    clerk = visit(desk[Role.EB])
    page = clerk.page
    page.on("dialog", lambda dialog: dialog.accept())
    clerk.look("/evaluations/new/")
    page.get_by_label("等级").select_option("3")
    page.get_by_label("考试日期").fill("2026-11-14")
    page.get_by_role("button", name="建立批次").click()
    expect(page.get_by_role("heading", name="考务安排")).to_be_visible(timeout=8000)
    exam = Exam.objects.get()
    clerk.judge("draft")
    for n in range(4):
        page.get_by_label("考务人员").select_option(label=f"考评{'甲乙丙丁'[n]}")
        page.get_by_label("职责").select_option(label="考评员" if n < 3 else "监考员")
        page.get_by_label("本人已声明").check()
        page.get_by_role("button", name="安排", exact=True).click()
        expect(page.locator("#duties tbody tr")).to_have_count(n + 1, timeout=8000)

    page.get_by_role("link", name="上传考生名单").click()
    rows = [["姓名", "证件号码", "专业年限"], *([p.name, p.id_number, 6] for p in PEOPLE)]
    _hand_in(clerk, _sheet(tmp_path, "考生.xlsx", rows))
    clerk.look(f"/evaluations/{exam.pk}/candidates/")
    clerk.look(f"/evaluations/candidates/{Candidate.objects.earliest('id').pk}/")
    clerk.look(f"/evaluations/{exam.pk}/")
    page.get_by_role("button", name="发布批次").click()
    expect(page.locator(".page-head .tag")).to_have_text("已发布", timeout=8000)
    page.get_by_role("button", name="考试已举行").click()
    page.get_by_role("link", name="上传成绩表").click()
    head = ["姓名", "身份证号码", "理论成绩", "实操成绩"]
    rows = [head, *([p.name, p.id_number, 80, 90 - n * 20] for n, p in enumerate(PEOPLE))]
    _hand_in(clerk, _sheet(tmp_path, "成绩.xlsx", rows))
    clerk.look(f"/evaluations/{exam.pk}/scores/")
    clerk.look(f"/evaluations/{exam.pk}/")
    page.get_by_role("button", name="成绩已齐").click()
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
    visitor = visit(desk[Role.EB], PHONE)
    for path in ("", "assessors/", f"{exam.pk}/", f"{exam.pk}/candidates/", "new/"):
        visitor.look(f"/evaluations/{path}")
    assert (clerk.faults, signer.faults, visitor.faults) == ([], [], [])
