"""Revoking a batch in the browser: one draws the list up, another agrees, and whoever asks then is told so."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from certificates.issuance.models import Certificate
from registry.accounts.models import Role, User
from tests.browser.conftest import DESKTOP, PHONE, House, Visit, _user, beside

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(house: House) -> User:
    return beside(lambda: _user("c2-revoke", Role.C2, region_id="653100"))  # type: ignore[no-any-return]


def numbers() -> list[str]:
    found = Certificate.objects.filter(region_code="653101", state="valid").order_by("number")
    return list(beside(lambda: list(found.values_list("number", flat=True))))


def state(number: str) -> str:
    return str(beside(lambda: Certificate.objects.values_list("state", flat=True).get(number=number)))


def test_a_batch_is_revoked_by_two_people_and_everybody_can_see_it(
    house: House, reviewer: User, visit: Visit
) -> None:
    first, second, third, *_ = numbers()
    clerk = visit(house.users["C1"], DESKTOP)
    page = clerk.page
    clerk.look("/certificates/")
    page.get_by_role("link", name="批量撤销").click()
    clerk.judge("new list")
    page.get_by_label("原因", exact=False).first.select_option("batch")
    page.get_by_label("证书编号").fill(
        f"{first}\n{second}\t考试违规，成绩无效\t第二场\n{first}\nS000065000123249999999"
    )
    page.get_by_label("整单说明").fill("喀市人社撤〔2026〕3号")
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_text("可以办理 2 行，不能办理 2 行")).to_be_visible()
    expect(page.get_by_text("本单内重复")).to_be_visible()
    expect(page.get_by_text("未查询到该编号")).to_be_visible()
    clerk.judge("draft")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("等另一人审核。")).to_be_visible()
    assert state(first) == "valid"
    # One's own list is not one's own to agree to.
    page.get_by_role("link", name="审核事项", exact=True).last.click()
    expect(page.get_by_text("由您提交，须由另一人办理。").first).to_be_visible()

    other = visit(reviewer, DESKTOP)
    other.look("/review/")
    other.page.get_by_role("link", name="撤销 2 本证书", exact=False).click()
    expect(other.page.get_by_text("整批违规颁发")).to_be_visible()
    other.page.get_by_role("button", name="通过", exact=True).click()
    expect(other.page.get_by_text("已记为通过").first).to_be_visible()
    assert (state(first), state(second), state(third)) == ("revoked", "revoked", "valid")

    clerk.look("/certificates/measures/")
    page.get_by_role("row").filter(has_text="撤销").get_by_role("link").first.click()
    expect(page.get_by_text("已办理 2 行，不能办理 2 行", exact=False)).to_be_visible()
    page.get_by_role("link", name=first).first.click()
    expect(page.locator(".page-head").get_by_text("已撤销")).to_be_visible()
    expect(page.get_by_text("不能恢复")).to_be_visible()
    clerk.judge("revoked certificate")
    assert clerk.faults == [] and other.faults == []


def test_one_certificate_on_a_phone(house: House, visit: Visit) -> None:
    number = numbers()[-1]
    clerk = visit(house.users["C1"], PHONE)
    page = clerk.page
    clerk.look(f"/certificates/?number={number}")
    page.get_by_role("link", name=number).click()
    clerk.judge("certificate")
    page.get_by_role("link", name="暂停").click()
    clerk.judge("suspend")
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_role("alert").filter(has_text="请选择原因")).to_be_visible()
    page.get_by_label("原因", exact=False).first.select_option("suspected")
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_text("已办理：暂停。")).to_be_visible()
    assert state(number) == "suspended"
    clerk.look("/certificates/reported/")
    clerk.look("/certificates/recoveries/")
    # The browser itself reports the status of the refused form.
    assert [each for each in clerk.faults if "status of 422" not in each] == []
