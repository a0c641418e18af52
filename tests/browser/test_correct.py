"""Faulty cells corrected in the browser, at a desk and on a phone: by keyboard, one row after the other."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from registry.intake import services as intake
from registry.intake.models import Batch
from tests.browser.conftest import DESKTOP, PHONE, House, Visit, Visitor, beside
from tests.flows.conftest import drain
from tests.sheets import cast
from tests.sheets.cells import Sheet
from tests.sheets.roster_cases import HEAD, line
from tests.sheets.xlsx import xlsx

pytestmark = pytest.mark.django_db

PEOPLE = (cast.CHEN, cast.OUYANG, cast.BATU)


@pytest.fixture
def batch(house: House) -> Iterator[Batch]:
    """Three people, of whom the second and the third have a wrong check character (rows 3 and 4)."""
    spoilt = [who.numbered(cast.wrong_check(who.id_number)) for who in PEOPLE[1:]]
    data = xlsx([Sheet("花名册", [HEAD, *map(line, [PEOPLE[0], *spoilt])])])

    def hand_in() -> Batch:
        batch, _new = intake.receive(
            kind="roster",
            file=io.BytesIO(data),
            name="开班花名册.xlsx",
            actor=house.world.clerk,
            options={"class": house.world.classes["KS-2026-01"].pk},
        )
        return intake.check(batch.pk)

    made = beside(hand_in)
    assert made.counts["rejected"] == 2
    yield made
    # The same file for the same class is handed in by the next one.
    beside(lambda: intake.cancel(made.pk, actor=house.world.clerk))


def open_row(visitor: Visitor, batch: Batch) -> Page:
    visitor.look(f"/intake/{batch.pk}/")
    visitor.page.get_by_role("link", name="更正第 3 行").click()
    expect(visitor.page.get_by_role("heading", name="更正第 3 行")).to_be_visible()
    visitor.judge("correct")
    return visitor.page


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_cell_is_corrected_and_judged(
    house: House, visit: Visit, batch: Batch, size: dict[str, int]
) -> None:
    visitor = visit(house.users["RG"], size)
    page = open_row(visitor, batch)
    number = page.get_by_label("身份证号")
    expect(number).to_have_value("")
    told = (number.get_attribute("aria-describedby") or "").split()
    assert [each.rsplit("-", 1)[1] for each in told] == ["fault", "help"]
    page.get_by_text(re.compile(r"本行其他 \d+ 列")).click()
    expect(page.get_by_label("姓名")).to_have_value(PEOPLE[1].name)
    visitor.judge("all columns")
    # From the field on, by keyboard.
    number.focus()
    page.keyboard.type(PEOPLE[1].id_number)
    page.keyboard.press("Enter")
    # The next faulty row opens by itself; after the last one the batch.
    expect(page.get_by_role("heading", name="更正第 4 行")).to_be_visible()
    page.get_by_label("身份证号").fill(PEOPLE[2].id_number)
    page.keyboard.press("Enter")
    expect(page.get_by_text("已更正 2 行，尚未重新校验。")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("提交通过的"))).to_have_count(0)
    visitor.judge("corrected")
    page.get_by_role("button", name="重新校验").click()
    expect(page.locator("progress")).to_be_visible()
    visitor.judge("checking again")
    beside(drain)
    expect(page.get_by_role("button", name="提交通过的 3 行")).to_be_visible()
    page.get_by_role("link", name="已更正 2").click()
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    visitor.judge("corrected rows")
    assert visitor.faults == []


def test_a_mistake_is_told_at_the_field_and_what_was_typed_is_kept(
    house: House, visit: Visit, batch: Batch
) -> None:
    visitor = visit(house.users["RG"], PHONE)
    page = open_row(visitor, batch)
    page.get_by_text(re.compile(r"本行其他 \d+ 列")).click()
    page.get_by_label("姓名").fill("高" * 201)
    page.get_by_role("button", name="保存并返回").click()
    expect(page.get_by_role("alert")).to_contain_text("最多 200 个字")
    page.get_by_role("alert").get_by_role("link", name="姓名").click()
    assert page.evaluate("document.activeElement.name") == "cell.name"
    assert page.get_by_label("姓名").input_value() == "高" * 201
    # The browser itself reports the status of an answer that says no.
    assert [fault for fault in visitor.faults if "status of 422" not in fault] == []
