"""Printing in the browser: an order's file is asked for, fetched, and a sheet noted; a layout is moved and seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from certificates.printing import defaults
from registry.accounts.models import Role, User
from tests import certified
from tests.browser.conftest import PHONE, Visit, Visitor, beside
from tests.registry.places import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(origin: str) -> tuple[certified.Stage, User]:
    def make() -> tuple[certified.Stage, User]:
        defaults.load()
        made = certified.build(2)
        return made, make_user("printing-sys", Role.SYS)

    found: tuple[certified.Stage, User] = beside(make)
    return found


def test_an_order_is_printed_and_a_layout_moved(stage: Any, visit: Visit, tmp_path: Path) -> None:
    made, administrator = stage
    clerk = visit(made.clerk)
    page = clerk.page
    clerk.look("/printing/")
    page.get_by_role("link", name="打印", exact=False).filter(has_text="打印").last.click()
    page.get_by_label("起始流水码").fill("XJ260001")
    page.get_by_role("button", name="打印 2 份").click()
    expect(page.get_by_text("XJ260002")).to_be_visible()
    clerk.judge("printed")
    with page.expect_download() as fetched:
        page.get_by_role("button", name="下载 PDF").click()
    data = Path(fetched.value.path()).read_bytes()
    assert data.startswith(b"%PDF-1.7") and fetched.value.suggested_filename.endswith(".pdf")
    page.get_by_text("作废或收回").first.click()
    page.get_by_role("button", name="登记").first.click()
    expect(page.get_by_role("cell", name="作废 打印质量不合格")).to_be_visible()
    address = page.url.removeprefix(clerk.origin)
    clerk.look(f"/printing/certificates/{made.certificates[0].pk}/")
    clerk.look(f"/certificates/{made.certificates[1].pk}/")
    phone = visit(made.clerk, PHONE)
    for path in ("/printing/", address, "/printing/paper/", "/printing/paper/new/"):
        phone.look(path)
    keeper = visit(administrator)
    keeper.look("/printing/layouts/")
    keeper.look("/printing/layouts/skill_level/")
    keeper.page.get_by_label("姓名 左").fill("47")
    keeper.page.get_by_label("中英对照", exact=True).check()
    keeper.page.get_by_role("button", name="预览").click()
    expect(keeper.page.locator("svg.sheet text", has_text="Occupational")).to_be_visible()
    keeper.judge("moved")
    _move_by_hand(keeper)
    narrow = visit(administrator, PHONE, dark=True)
    narrow.look("/printing/layouts/skill_level/")
    assert clerk.faults + phone.faults + keeper.faults + narrow.faults == []


def _move_by_hand(keeper: Visitor) -> None:
    """Drag, step with the keys, take back: the typed numbers follow, and what they say is what is kept."""
    page = keeper.page
    sheet, left, top = (
        page.locator("svg.sheet"),
        page.get_by_label("发证日期 左"),
        page.get_by_label("发证日期 上"),
    )
    scale = sheet.bounding_box()["width"] / 210  # type: ignore[index]
    sheet.locator("g[data-element=issued_on]").scroll_into_view_if_needed()
    around = sheet.locator("g[data-element=issued_on]").bounding_box()
    assert around is not None
    x, y = around["x"] + around["width"] / 2, around["y"] + around["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 4, y - 4, steps=2)
    # A little beside the middle of the page: the guide draws it there.
    page.mouse.move(x + (105.6 - 136) * scale, y - 20 * scale, steps=4)
    expect(sheet.locator(".guide")).not_to_have_count(0)
    page.mouse.up()
    expect(left).to_have_value("105")
    dragged = top.input_value()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    expect(left).to_have_value("100")
    expect(top).to_have_value(f"{float(dragged) + 0.5:g}")
    expect(page.get_by_role("status")).to_contain_text("发证日期：左 100")
    page.get_by_label("发证日期 字号").fill("18")
    page.get_by_label("发证日期 字号").press("Tab")
    expect(sheet.locator("g[data-element=issued_on] text").first).to_have_attribute("font-size", "6.350")
    undo = page.get_by_role("button", name="撤销")
    while undo.is_enabled():
        undo.click()
    expect(left).to_have_value("136")
    page.get_by_role("button", name="重做").click()
    expect(left).to_have_value("105")
    keeper.judge("moved by hand")
    page.get_by_label("调整说明").fill("日期移到中间")
    page.get_by_role("button", name="保存新版").click()
    expect(page.get_by_label("发证日期 左")).to_have_value("105")
    expect(page.get_by_role("cell", name="日期移到中间")).to_be_visible()
