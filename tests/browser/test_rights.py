"""A trainee's rights on a telephone and the desk that answers: looked at, and clicked through."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.rights.models import Correction
from tests.browser.conftest import DESKTOP, PHONE, House, Visit, beside

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_asked_on_a_telephone_and_answered_at_a_desk(house: House, visit: Visit) -> None:
    own = visit(house.users["TRN"], PHONE)
    own.look("/rights/")
    own.look("/rights/corrections/new/")
    own.page.get_by_label("哪一项不对").select_option("education")
    own.page.get_by_label("应当是").fill("大专")
    own.page.get_by_label("理由和依据").fill("毕业证书上是大专")
    own.page.get_by_role("button", name="提交").click()
    own.judge("answer")
    case = beside(Correction.objects.get)
    assert case.number in own.page.content()

    desk = visit(house.users["C1"], DESKTOP)
    desk.look("/rights/corrections/")
    desk.page.get_by_role("link", name=case.number).click()
    desk.judge("case")
    desk.page.get_by_label("答复").fill("已核对毕业证书")
    desk.page.get_by_role("button", name="同意更正").click()
    expect(desk.page.locator("main")).to_contain_text("已答复")

    own.look("/rights/")
    assert "已核对毕业证书" in own.page.content()
    own.page.get_by_role("button", name="我已阅读，同意").first.click()
    expect(own.page.get_by_text("已记下您的同意", exact=False).first).to_be_visible()
    own.page.get_by_role("button", name="制作副本").click()
    with own.page.expect_download() as waiting:
        own.page.get_by_role("link", name="PDF").click()
    assert waiting.value.suggested_filename == "本人信息副本.pdf"
    own.look("/rights/")
    assert own.faults + desk.faults == []


def test_every_page_of_rights(house: House, visit: Visit) -> None:
    visitors = {role: visit(house.users[role]) for role in ("TRN", "PC", "RG")}
    for role, path in (
        ("TRN", "/rights/"),
        ("TRN", "/rights/kept/"),
        ("TRN", "/rights/erase/"),
        ("TRN", "/people/me/"),
        ("PC", "/rights/consents/"),
        ("PC", f"/rights/corrections/new/{house.person.pk}/"),
        ("PC", "/rights/corrections/"),
        ("RG", "/rights/erasures/"),
        ("RG", "/rights/corrections/?view=done"),
    ):
        visitors[role].look(path, PHONE, DESKTOP)
    assert [fault for visitor in visitors.values() for fault in visitor.faults] == []
