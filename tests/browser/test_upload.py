"""A sheet handed in at the page: its progress is seen, its faults are read, its good rows are registered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from registry.intake.models import Batch
from tests.browser.conftest import DATA, PHONE, House, Visit, beside
from tests.flows.conftest import drain
from training.enrolments.models import Enrolment

# The server and its data belong to the file; what a test itself asks the database is a transaction beside them.
pytestmark = pytest.mark.django_db


def test_from_upload_to_registered(house: House, visit: Visit) -> None:
    visitor = visit(house.users["RG"])
    page = visitor.page
    visitor.look("/intake/new/")
    page.get_by_role("radio", name="开班花名册").check()
    page.get_by_label("班级").fill("KS-2026-01")
    page.set_input_files("input[type=file]", DATA / "roster_id_check_digit.xlsx")
    page.get_by_role("button", name="上传并校验").click()
    expect(page.locator("progress")).to_be_visible()
    expect(page.get_by_text("可以离开本页")).to_be_visible()
    page.reload()
    expect(page.locator("progress")).to_be_visible()
    beside(drain)
    # Nobody touches the page: it asks by itself, and shows the result.
    expect(page.get_by_role("heading", name="名册导入结果")).to_be_visible()
    visitor.judge("review")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=re.compile("提交通过的")).click()
    expect(page.locator("progress")).to_be_visible()
    beside(drain)
    expect(page.get_by_text("登记结果")).to_be_visible()
    batch = Batch.objects.latest("created_at")
    assert Enrolment.objects.filter(batch_id=batch.pk).count() == batch.counts["accepted"] > 0
    visitor.judge("done")
    assert visitor.faults == []


def test_the_faulty_cell_is_marked_and_explained(house: House, visit: Visit) -> None:
    visitor = visit(house.users["RG"], PHONE)
    visitor.look(f"/intake/{house.waiting.pk}/")
    row = visitor.page.locator("tr:has(.cell-bad)").first
    assert row.locator(".issue").count() >= 1
    label = row.locator(".cell-bad").first.get_attribute("data-l")
    assert label and label in row.locator(".issue").first.inner_text()
    assert visitor.faults == []


def test_what_was_typed_is_kept_when_something_is_missing(house: House, visit: Visit) -> None:
    visitor = visit(house.users["PC"])
    page = visitor.page
    visitor.look("/intake/new/")
    page.get_by_role("radio", name="开班花名册").check()
    page.set_input_files("input[type=file]", DATA / "ledger_date_invalid.xlsx")
    page.get_by_role("button", name="上传并校验").click()
    expect(page.get_by_role("alert")).to_contain_text("请写明花名册属于哪个班级")
    assert page.get_by_role("radio", name="开班花名册").is_checked()
    page.get_by_role("alert").get_by_role("link", name="班级").click()
    assert page.evaluate("document.activeElement.name") == "roster.class"
