"""A holder takes a certificate and a transcript away on a telephone; an employer compares the file at a desk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from certificates.credentials import making
from certificates.credentials.models import Credential
from registry.accounts.models import Role
from tests import certified
from tests.browser.conftest import PHONE, Visit, beside
from tests.registry.places import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("JIANGCE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def stage(origin: str) -> certified.Stage:
    made = certified.build(1)
    made.people[0].user = make_user("holder", Role.TRN)
    made.people[0].save()
    return made


def test_taken_away_on_a_telephone_and_compared_at_a_desk(
    stage: certified.Stage, visit: Visit, tmp_path: Path
) -> None:
    own = visit(stage.people[0].user, PHONE)
    page = own.page
    own.look("/credentials/")
    page.get_by_role("button", name="可验证凭证（W3C）").click()
    own.judge("asked")
    # The worker signs; the page asks by itself until it is done.
    beside(lambda: making.make(Credential.objects.get().pk))
    with page.expect_download() as waiting:
        page.get_by_role("link", name="可验证凭证（W3C）").click()
    assert waiting.value.suggested_filename == f"{stage.certificates[0].number}-vc.json"
    page.get_by_role("button", name="制作电子档案").click()
    own.judge("transcript")
    shoot(page, "credentials-phone")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="PDF").click()
    paper = tmp_path / "档案.pdf"
    waiting.value.save_as(paper)
    place = page.get_by_role("row").last.get_by_role("link").first.get_attribute("href") or ""

    stranger = visit(None)
    stranger.look(place)
    desk = stranger.page
    desk.get_by_label("比对手中的文件").set_input_files(paper)
    desk.get_by_role("button", name="比对", exact=True).click()
    expect(desk.get_by_text("没有改动")).to_be_visible()
    stranger.judge("compared")
    shoot(desk, "transcript-desk")
    paper.write_bytes(paper.read_bytes() + b" ")
    desk.get_by_label("比对手中的文件").set_input_files(paper)
    desk.get_by_role("button", name="比对", exact=True).click()
    expect(desk.get_by_text("不一致")).to_be_visible()

    own.look("/credentials/")
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="收回").click()
    expect(page.get_by_text("已收回", exact=True)).to_be_visible()
    assert own.faults + stranger.faults == []
