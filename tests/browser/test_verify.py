"""Checking a certificate in Chromium: online, and with the network off, by the signature that the QR code carries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from certificates.issuance import cose, status_lists, status_publishing
from certificates.issuance.models import Attestation, Certificate
from registry.accounts.models import Role, User
from registry.people.models import Person
from tests import certified
from tests.browser.conftest import PHONE, Visit, Visitor, beside
from tests.registry.places import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def stage(origin: str) -> certified.Stage:
    made = certified.build(3)
    status_publishing.publish_due()
    return made


@pytest.fixture(autouse=True)
def here(settings: Any, origin: str) -> Iterator[None]:
    """The site finds itself at the address of the test."""
    settings.PUBLIC_URL = origin
    yield


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("JIANGCE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def link(attestation: Attestation, kid: str, *, bit: int | None = None) -> str:
    """What the QR code says; with a bit of the signed content turned over."""
    raw = bytearray(cose.envelope(bytes(attestation.payload), kid, 1, bytes(attestation.signature)))
    if bit is not None:
        raw[bit // 8] ^= 1 << (bit % 8)
    return f"/v/{attestation.code}#{cose.fragment(bytes(raw))}"


def say(visitor: Visitor, answer: str) -> None:
    expect(visitor.page.locator("#verdict")).to_have_attribute("data-answer", answer)


def test_by_number_by_code_and_beside_the_signature(visit: Visit, stage: certified.Stage) -> None:
    first, second, _third = stage.attestations
    visitor: Visitor = visit(None)
    page = visitor.page
    visitor.look("/v/")
    shoot(page, "verify-home-desk")
    page.get_by_label("证书编号、核验码或二维码链接").fill(first.number)
    page.get_by_label("持证人姓名").fill(stage.people[0].name)
    page.get_by_role("button", name="核验").click()
    say(visitor, "valid")
    visitor.judge("answer")
    shoot(page, "verify-answer-desk")
    visitor.look(link(first, stage.key.kid))
    expect(page.get_by_text("与发证时一致")).to_be_visible()
    say(visitor, "valid")
    shoot(page, "verify-code-desk")
    # Another certificate's signed content behind this one's code; and one bit turned over.
    other = link(first, stage.key.kid).partition("#")[0] + "#" + link(second, stage.key.kid).partition("#")[2]
    for address in (other, link(first, stage.key.kid, bit=700), f"/v/{first.code}#rubbish"):
        page.goto("about:blank")
        visitor.look(address)
        say(visitor, "not_ours")
    assert visitor.faults == []


# The bits of the suspension list, where second is not, in the place of those of the revocation list.
FORGE = """async () => {
  const kept = await caches.open("verify-1");
  for (const request of await kept.keys()) {
    if (!request.url.endsWith("/revocation")) continue;
    const list = await (await kept.match(request)).json();
    const other = await (await kept.match(request.url.replace("/revocation", "/suspension"))).json();
    list.credentialSubject.encodedList = other.credentialSubject.encodedList;
    await kept.put(request, new Response(JSON.stringify(list), { headers: { "Content-Type": "application/vc" } }));
  }
}"""


def test_with_the_network_off(visit: Visit, stage: certified.Stage) -> None:
    first, second, third = stage.attestations
    visitor: Visitor = visit(None, PHONE)
    page = visitor.page

    def revoke(attestation: Attestation) -> None:
        Certificate.objects.filter(pk=attestation.pk).update(state="revoked", state_on="2026-11-20")
        status_lists.touched([attestation.pk])
        status_publishing.publish_due()

    beside(lambda: revoke(second))
    visitor.look("/v/")
    shoot(page, "verify-home-phone")
    expect(page.locator("html[data-kept]")).to_have_count(1)
    page.context.set_offline(True)
    for fragment, answer in (
        (link(first, stage.key.kid), "signed"),
        (link(second, stage.key.kid), "revoked"),
        (link(third, stage.key.kid, bit=900), "not_ours"),
        (f"/v/{first.code}", "nothing"),
    ):
        page.goto("about:blank")
        page.goto(visitor.origin + fragment)
        say(visitor, answer)
        said = page.locator("#verdict .said").inner_text()
        # Never 有效 by itself, and never without the day of what it rests on.
        assert not said.startswith("有效") and ("数据截至 20" in said) == (answer in ("signed", "revoked"))
        shoot(page, f"verify-offline-{answer}-phone")
    # What a browser without Ed25519 of its own does.
    # No bit may be turned over: every one of the head, and one in thirty of what is said and signed.
    attestation, kid = third, stage.key.kid
    whole = link(attestation, kid).partition("#")[2]
    length = len(cose.of_fragment(whole)) * 8
    turned = [
        link(attestation, kid, bit=bit).partition("#")[2] for bit in [*range(0, 60), *range(60, length, 31)]
    ]
    said = page.evaluate(
        "async (all) => { const found = []; for (const one of all) found.push((await jiangceVerify.check(one)).answer);"
        " return found; }",
        [whole, *turned],
    )
    assert said[0] == "signed" and set(said[1:]) <= {"not_ours", "unknown"} and len(said) > 100
    page.goto("about:blank")
    page.add_init_script("crypto.subtle.importKey = () => Promise.reject(new Error('no such algorithm'))")
    page.goto(visitor.origin + link(first, stage.key.kid))
    say(visitor, "signed")
    page.get_by_label("二维码中的链接").fill("https://x.example" + link(third, stage.key.kid, bit=900))
    page.get_by_role("button", name="核对签名").click()
    say(visitor, "not_ours")
    expect(page.locator("#facts div")).to_have_count(0)
    # A kept list that somebody changed, here to hide who is revoked, is not used, and that is said.
    page.evaluate(FORGE)
    page.goto("about:blank")
    page.goto(visitor.origin + link(second, stage.key.kid))
    say(visitor, "signed")
    expect(page.locator("#verdict")).to_contain_text("撤销名单的签名不对")
    expect(page.locator("#verdict .said")).not_to_contain_text("数据截至")
    page.context.set_offline(False)
    page.goto("about:blank")
    visitor.look(link(second, stage.key.kid))
    say(visitor, "revoked")
    expect(page.get_by_text("已撤销", exact=True)).to_be_visible()
    shoot(page, "verify-revoked-phone")


def test_an_employer_asks_after_a_list_and_a_holder_lends_a_link(
    visit: Visit, stage: certified.Stage, tmp_path: Path
) -> None:
    visitor: Visitor = visit(None)
    page = visitor.page
    visitor.look("/v/list")
    shoot(page, "verify-list-desk")
    lines = [f"{each.number}\t{who.name}" for each, who in zip(stage.certificates, stage.people, strict=True)]
    page.get_by_label("粘贴证书编号和姓名").fill("\n".join([*lines, f"{stage.certificates[0].number}\t别人"]))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="核验并下载结果").click()
    waiting.value.save_as(tmp_path / "told.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "told.xlsx").active
    told = [str(row[3])[:3] for row in sheet.iter_rows(min_row=2, max_row=5, max_col=4, values_only=True)]
    assert told[0] == "有效（" and told[3] == "未查询" and len(told) == 4

    def become() -> User:
        holder = make_user("holder-of-one", Role.TRN)
        Person.objects.filter(pk=stage.people[0].pk).update(user=holder)
        return holder

    mine: Visitor = visit(beside(become), PHONE)
    mine.look("/v/mine/")
    mine.page.get_by_label("给谁").fill("某某建筑公司")
    mine.page.get_by_label("显示完整姓名").check()
    mine.page.get_by_role("button", name="建立分享链接").click()
    mine.judge("share")
    link = mine.page.locator(".note .mono a").inner_text()
    visitor.look(link.removeprefix(visitor.origin))
    expect(page.get_by_text(stage.people[0].name)).to_be_visible()
    say(visitor, "valid")
    shoot(page, "verify-shared-desk")
    mine.look("/v/mine/")
    shoot(mine.page, "verify-mine-phone")
    mine.page.get_by_role("link", name="打开记录").click()
    mine.judge("visits")
    shoot(mine.page, "verify-visits-phone")
    desk: Visitor = visit(None, PHONE)
    desk.look("/v/list")
    shoot(desk.page, "verify-list-phone")
    assert visitor.faults == mine.faults == desk.faults == []
