"""The door of the staff in Chromium: password and code, a passkey, too many guesses, sessions, proving anew."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command
from playwright.sync_api import Page, expect

from registry.accounts import factors
from registry.accounts.models import Role, User
from tests.browser.conftest import DESKTOP, PHONE, House, Visit, Visitor, beside
from tests.registry.places import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "一个足够长的登录密码-42"


def account(name: str, role: Role = Role.AUD, *, app: bool = True) -> User:
    """An account of the test's own, as what happens at the door is counted."""

    def make() -> User:
        user = make_user(name, role)
        user.set_password(PASSWORD)
        user.save()
        if app:
            factors.give_app(user)
        return user

    return beside(make)  # type: ignore[no-any-return]


def code_of(user: User) -> str:
    found = beside(lambda: factors.next_code(user))
    assert found is not None
    return str(found[0])


def give_password(visitor: Visitor, name: str, password: str = PASSWORD) -> None:
    page = visitor.page
    page.goto(f"{visitor.origin}/accounts/sign-in/")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def shoot(page: Page, name: str) -> None:
    """Kept where somebody asks for pictures: JIANGCE_PICTURES=folder."""
    import os

    if folder := os.environ.get("JIANGCE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_password_and_code_lead_in(house: House, visit: Visit, size: dict[str, int]) -> None:
    width = size["width"]
    user = account(f"reader{width}")
    visitor = visit(None, size)
    visitor.look("/accounts/sign-in/")
    shoot(visitor.page, f"sign-in-{width}")
    give_password(visitor, user.username)
    page = visitor.page
    expect(page.get_by_role("heading", name="第二重验证")).to_be_visible()
    visitor.judge("second step")
    shoot(page, f"second-step-{width}")
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text("验证码不正确")).to_be_visible()
    visitor.judge("second step, wrong")
    page.get_by_label("验证码").fill(code_of(user))
    page.get_by_role("button", name="继续").click()
    expect(page).to_have_url(f"{visitor.origin}/")
    visitor.look("/accounts/second-factor/")
    shoot(page, f"security-{width}")
    visitor.look("/accounts/sessions/")
    expect(page.get_by_text("当前登录")).to_be_visible()
    shoot(page, f"sessions-{width}")
    visitor.look("/accounts/password/")
    shoot(page, f"password-{width}")
    visitor.look("/accounts/confirm/?next=/accounts/sessions/")
    shoot(page, f"confirm-{width}")
    assert visitor.faults == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_time_sets_up_an_app(house: House, visit: Visit, size: dict[str, int]) -> None:
    width = size["width"]
    user = account(f"novice{width}", app=False)
    visitor = visit(None, size)
    give_password(visitor, user.username)
    page = visitor.page
    expect(page.get_by_role("heading", name="设置第二重验证")).to_be_visible()
    visitor.judge("first factor")
    shoot(page, f"first-factor-{width}")
    page.get_by_role("link", name="手机验证器应用").click()
    expect(page.locator("img.qr")).to_be_visible()
    assert page.locator("img.qr").evaluate("picture => picture.naturalWidth") > 0
    page.get_by_text("不能扫码").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    visitor.judge("app")
    shoot(page, f"app-{width}")
    page.get_by_label("验证码").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="启用").click()
    expect(page.locator("ul.codes li")).to_have_count(10)
    visitor.judge("recovery codes")
    shoot(page, f"codes-{width}")
    page.get_by_role("link", name="已经保存，继续").click()
    expect(page).to_have_url(f"{visitor.origin}/")
    assert visitor.faults == []


def test_a_passkey_is_made_and_leads_in(house: House, visit: Visit) -> None:
    user = account("keyholder")
    visitor = visit(None)
    page = visitor.page
    tool = page.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    tool.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    give_password(visitor, user.username)
    page.get_by_label("验证码").fill(code_of(user))
    page.get_by_role("button", name="继续").click()
    visitor.look("/accounts/second-factor/passkey/")
    shoot(page, "passkey-1366")
    page.get_by_label("名称").fill("办公电脑")
    page.get_by_role("button", name="添加").click()
    expect(page.locator("ul.codes li")).to_have_count(10)
    page.get_by_role("link", name="已经保存，继续").click()
    expect(page.get_by_text("通行密钥：办公电脑")).to_be_visible()
    visitor.judge("two factors")
    shoot(page, "two-factors-1366")
    page.context.clear_cookies()
    give_password(visitor, user.username)
    shoot(page, "second-step-passkey-1366")
    page.get_by_role("button", name="用通行密钥验证").click()
    expect(page).to_have_url(f"{visitor.origin}/")
    page.goto(f"{visitor.origin}/accounts/confirm/?next=/accounts/sessions/")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="用通行密钥验证").click()
    expect(page.get_by_role("heading", name="我的登录")).to_be_visible()
    assert visitor.faults == []


def test_too_many_guesses_are_told_until_when(house: House, visit: Visit) -> None:
    user = account("guessed")
    visitor = visit(None, PHONE)
    for _ in range(5):
        give_password(visitor, user.username, "不是这个密码-不是")
    page = visitor.page
    expect(page.get_by_role("heading", name="暂时不能登录")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))).to_be_visible()
    shoot(page, "locked-390")
    visitor.faults = [fault for fault in visitor.faults if "status of 429" not in fault]
    visitor.judge("locked")
    give_password(visitor, user.username)
    expect(page.get_by_role("heading", name="暂时不能登录")).to_be_visible()
    assert [fault for fault in visitor.faults if "status of 429" not in fault] == []


def test_a_session_is_ended_from_another(house: House, visit: Visit) -> None:
    user = account("twice")
    here, there = visit(user), visit(user)
    there.look("/")
    here.look("/accounts/sessions/")
    here.page.get_by_role("button", name="退出其他所有登录").click()
    expect(here.page.get_by_text("已退出 1 处登录")).to_be_visible()
    there.page.goto(f"{there.origin}/")
    expect(there.page.get_by_role("heading", name="登录", exact=True)).to_be_visible()
    assert here.faults == []


def test_the_code_of_a_demo_account_can_be_asked_for(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    user = account("demo-like")
    before = code_of(user)
    beside(lambda: call_command("accounts", "code", user.username))
    assert capsys.readouterr().out.startswith((before, code_of(user)))
