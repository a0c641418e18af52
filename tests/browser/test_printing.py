"""Printing in the browser: an order's file is asked for, fetched, and a sheet noted; a layout is moved and seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from certificates.printing import defaults
from registry.accounts.models import Role, User
from tests import certified
from tests.browser.conftest import PHONE, Visit, beside
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
    for path in ("/printing/", address):
        phone.look(path)
    keeper = visit(administrator)
    keeper.look("/printing/layouts/")
    keeper.look("/printing/layouts/skill_level/")
    keeper.page.get_by_label("姓名 左").fill("47")
    keeper.page.get_by_label("中英对照").check()
    keeper.page.get_by_role("button", name="预览").click()
    expect(keeper.page.locator("svg.sheet text", has_text="Occupational")).to_be_visible()
    keeper.judge("moved")
    narrow = visit(administrator, PHONE, dark=True)
    narrow.look("/printing/layouts/skill_level/")
    assert clerk.faults + phone.faults + keeper.faults + narrow.faults == []
