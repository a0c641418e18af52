"""The trainees' door in Chromium on a telephone, with and without scripts; and the keys of an institution."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from registry.accounts.models import Role, User
from registry.people.models import Person
from tests.browser.conftest import PHONE, House, Visit, Visitor, beside
from tests.registry.knocking import deliver_all, last_code, on_record
from tests.registry.places import make_user

pytestmark = pytest.mark.django_db

NAME, NUMBER = "热孜亚", "653222199205061223"


@pytest.fixture
def outgoing(tmp_path: Path, settings: Any) -> Path:
    settings.SMS_GATEWAY, settings.SMS_FILE = "file", tmp_path / "sms.jsonl"
    settings.FIGURES_FILE = tmp_path / "figures.toml"
    settings.FIGURES_FILE.write_text(
        "[limits]\n"
        '"door.number" = [{ from = 2026-01-01, most = ["100/1h"] }]\n'
        '"sms.phone" = [{ from = 2026-01-01, most = ["100/1h"] }]\n'
        "[numbers]\n"
        '"door.wait_seconds" = [{ from = 2026-01-01, is = 600 }]\n',
        "utf-8",
    )
    return tmp_path / "sms.jsonl"


@pytest.fixture
def person(house: House) -> Person:
    def make() -> Person:
        return Person.objects.filter(name=NAME).first() or on_record(NAME, NUMBER, "13812345678")

    return beside(make)  # type: ignore[no-any-return]


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("JIANGCE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def fill_in(page: Page) -> None:
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("证件号码").fill(NUMBER)
    page.get_by_role("button", name="获取验证码").click()


def test_in_by_telephone(visit: Visit, person: Person, outgoing: Path) -> None:
    visitor: Visitor = visit(None, PHONE)
    page = visitor.page
    visitor.look("/door/")
    shoot(page, "door-knock")
    fill_in(page)
    expect(page).to_have_url(re.compile(r"/door/code/$"))
    visitor.judge("/door/code/")
    shoot(page, "door-code")
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("验证码不正确，或已经失效")).to_be_visible()
    visitor.judge("a wrong code")
    shoot(page, "door-wrong")
    beside(deliver_all)
    page.get_by_label("验证码").fill(last_code(outgoing))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(re.compile(r"/people/me/$"))
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(page.get_by_text("138****5678")).to_be_visible()
    assert NUMBER not in page.content()
    shoot(page, "door-inside")
    page.get_by_role("link", name="认证级别 1 级").click()
    expect(page.get_by_role("heading", name="现场核验")).to_be_visible()
    visitor.judge("/door/level/")
    shoot(page, "door-level")
    assert visitor.faults == []


def test_in_without_scripts_after_a_wait(
    browser: Browser,
    browser_context_args: dict[str, Any],
    origin: str,
    person: Person,
    outgoing: Path,
    settings: Any,
) -> None:
    context = browser.new_context(**{**browser_context_args, "viewport": PHONE, "java_script_enabled": False})
    page = context.new_page()
    page.goto(f"{origin}/door/")
    expect(page.get_by_text("您的浏览器没有运行脚本")).to_be_visible()
    fill_in(page)
    expect(page.get_by_role("alert").get_by_text("秒后再提交")).to_be_visible()
    expect(page.get_by_label("证件号码")).to_have_value(NUMBER)
    shoot(page, "door-no-script")
    # Its time comes while the page stands there.
    figures = outgoing.with_name("figures.toml")
    settings.FIGURES_FILE = figures.with_name("waited.toml")
    settings.FIGURES_FILE.write_text(figures.read_text("utf-8").replace("is = 600", "is = 0"), "utf-8")
    page.get_by_role("button", name="获取验证码").click()
    expect(page).to_have_url(re.compile(r"/door/code/$"))
    beside(deliver_all)
    page.get_by_label("验证码").fill(last_code(outgoing))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", [{"width": 1366, "height": 768}, PHONE], ids=["desktop", "phone"])
def test_a_principal_issues_a_key(visit: Visit, house: House, size: dict[str, int]) -> None:
    def make() -> User:
        return make_user(f"principal-{size['width']}", Role.PP, institution=house.world.school)

    visitor: Visitor = visit(beside(make), size)
    page = visitor.page
    visitor.look("/apikeys/")
    page.get_by_role("link", name="签发密钥").first.click()
    page.get_by_label("用途").fill(f"教务系统 {size['width']}")
    page.get_by_label("上传花名册并入库").check()
    shoot(page, f"key-new-{size['width']}")
    visitor.judge("/apikeys/new/")
    page.get_by_role("button", name="签发", exact=True).click()
    expect(page.get_by_label("密钥", exact=True)).to_have_value(re.compile(r"^zj_[a-z0-9]{8}_\w{43}$"))
    shoot(page, f"key-issued-{size['width']}")
    visitor.judge("issued")
    visitor.look("/apikeys/")
    shoot(page, f"key-list-{size['width']}")
    page.get_by_text("吊销", exact=True).first.click()
    page.get_by_label("理由").first.fill("换用新的")
    page.get_by_role("button", name="确定吊销").first.click()
    expect(page.get_by_text("已吊销", exact=False).first).to_be_visible()
    assert visitor.faults == []
