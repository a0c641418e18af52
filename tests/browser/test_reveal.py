"""A number in full, from the door to the trainee's own page: refused without a reason, granted with one, and told."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from registry.accounts.models import Role, User
from registry.audit.models import Action
from registry.exports.models import ReadingLimit
from registry.identity.current import keyring
from registry.identity.keyring import IDNO
from tests import world
from tests.browser.conftest import BOTH, PHONE, House, Visit, Visitor, beside
from tests.registry.places import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "库车的杏子熟了-2026"
NOTE = "证书编号与台账不一致，核对证件"


def code(secret: str, ahead: int = 0) -> str:
    """What an app shows, or will show next; as either is taken a step early or late, there is time to type it."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD + ahead)))


@pytest.fixture
def reviewer(house: House) -> Iterator[User]:
    """A reviewer of the county who has a password and nothing else yet."""

    def make() -> User:
        user = make_user(f"reviewer-{time.time_ns()}", Role.C1, region_id="653101")
        user.display_name = "初审员 王静"
        user.set_password(PASSWORD)
        user.save()
        return user

    yield beside(make)


def give_password(page: Page, user: User) -> None:
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def set_up_app(visitor: Visitor, user: User) -> str:
    """The first time: nothing opens before a second factor is set up. Returns the app's secret."""
    page = visitor.page
    visitor.look("/accounts/sign-in/", *BOTH)
    give_password(page, user)
    page.get_by_role("link", name=re.compile("验证器应用")).click()
    page.get_by_text("不能扫码？").click()
    secret = page.locator("code.secret").inner_text()
    visitor.judge("set up an app", *BOTH)
    page.get_by_label("验证码").fill(code(secret))
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("heading", name="请保存恢复码")).to_be_visible()
    page.get_by_role("link", name="已经保存，继续").click()
    page.locator("details.user > summary").click()
    page.get_by_role("button", name="退出").click()
    return secret


def come_in(visitor: Visitor, user: User, secret: str) -> None:
    """Password, then a code of the app."""
    page = visitor.page
    visitor.look("/accounts/sign-in/?next=/people/", *BOTH)
    give_password(page, user)
    expect(page.get_by_role("heading", name="第二重验证")).to_be_visible()
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text("验证码不正确")).to_be_visible()
    page.get_by_label("验证码").fill(code(secret, ahead=1))
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("heading", name="学员档案")).to_be_visible()


@pytest.mark.slow
def test_from_the_door_to_the_trainees_page(house: House, visit: Visit, reviewer: User) -> None:
    person = house.person
    document = person.documents.get()
    whole = keyring().open_(bytes(document.sealed), IDNO, document.pk).decode()
    visitor = visit(None, PHONE)
    page = visitor.page
    come_in(visitor, reviewer, set_up_app(visitor, reviewer))

    # The account shows masks; asking without a reason is refused, and said so.
    visitor.look(f"/people/{person.pk}/", *BOTH)
    expect(page.get_by_text(document.mask)).to_be_visible()
    page.get_by_role("link", name=re.compile("查看全号")).first.click()
    expect(page.get_by_role("heading", name="查看完整号码")).to_be_visible()
    visitor.judge("asking", *BOTH)
    page.get_by_role("button", name="记录并显示").click()
    expect(page.get_by_text("号码没有显示：请选择号码，并写明事由。")).to_be_visible()
    expect(page.get_by_text("请选择查看事由。")).to_be_visible()
    visitor.judge("refused", *BOTH)
    assert whole not in page.content()

    # With a reason it is shown, once.
    page.get_by_label("查看事由").select_option(label="证书制作与更正")
    page.get_by_label("具体说明").fill(NOTE)
    page.get_by_role("button", name="记录并显示").click()
    expect(page.get_by_text(whole)).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ 秒后隐藏"))).to_be_visible()
    visitor.judge("shown", *BOTH)
    page.get_by_role("link", name="看完了，回到档案").click()
    expect(page.get_by_role("heading", name="个人培训账户")).to_be_visible()
    assert whole not in page.content()

    # Whose number it is reads who saw it, and why.
    owner = visit(house.users["TRN"], PHONE)
    owner.look("/people/me/", *BOTH)
    owner.page.get_by_role("link", name="谁查看过我的信息").click()
    expect(owner.page.get_by_role("heading", name="谁查看过我的信息")).to_be_visible()
    row = owner.page.get_by_role("row").filter(has_text="查看完整证件号码").first
    for told in ("初审员 王静", "县级初审", "证书制作与更正"):
        expect(row).to_contain_text(told)
    owner.judge("readers", *BOTH)
    assert NOTE not in owner.page.content()
    # The browser repeats the refusal in its console.
    assert [fault for fault in visitor.faults if "status of 400" not in fault] + owner.faults == []


def test_a_number_vanishes_after_its_time_and_when_one_goes_back(house: House, visit: Visit) -> None:
    beside(
        lambda: ReadingLimit.objects.update_or_create(
            code="reveal_seconds", valid_from=world.ALWAYS, defaults={"value": 60}
        )
    )
    person = house.person
    document = person.documents.get()
    whole = keyring().open_(bytes(document.sealed), IDNO, document.pk).decode()
    visitor = visit(house.users["TRN"])
    page = visitor.page
    page.clock.install()
    visitor.look(f"/people/{person.pk}/reveal/?field=id_number:{document.pk}")
    page.get_by_role("button", name="记录并显示").click()
    expect(page.get_by_text(whole)).to_be_visible()
    page.wait_for_load_state()
    page.clock.fast_forward("01:01")
    expect(page.get_by_text("号码已隐藏。需要时请重新申请查看。")).to_be_visible()
    expect(page.get_by_text(document.mask)).to_be_visible()
    assert whole not in page.content() and visitor.faults == []


def test_a_spent_quota_says_when_it_is_over(house: House, visit: Visit) -> None:
    def spend() -> None:
        ReadingLimit.objects.update_or_create(
            code="reveal_per_hour", valid_from=world.ALWAYS, defaults={"value": 1}
        )

    beside(spend)
    visitor = visit(house.users["AUD"], PHONE)
    page = visitor.page
    address = f"/people/{house.person.pk}/reveal/?field=id_number:{house.person.pk}"
    for _ in range(2):
        visitor.look(address)
        page.get_by_label("查看事由").select_option(label="监督检查与审计")
        page.get_by_label("具体说明").fill("抽查证件与台账是否一致")
        page.get_by_role("button", name="记录并显示").click()
        expect(page.get_by_text(re.compile("秒后隐藏|以后可以再查看"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d 以后可以再查看"))).to_be_visible()
    visitor.judge("spent")
    assert [fault for fault in visitor.faults if "status of 429" not in fault] == []
    assert (
        beside(lambda: Action.objects.filter(code="people.reveal_refused", after__why="quota").count()) == 1
    )


def test_the_pages_of_an_export(house: House, visit: Visit) -> None:
    """Ask for rows, fetch the file, and find it in the list; on a phone as well."""
    visitor = visit(house.users["C1"], PHONE)
    page = visitor.page
    visitor.look("/enrolments/")
    page.get_by_role("link", name="导出", exact=True).click()
    visitor.judge("asking for an export", *BOTH)
    page.get_by_label("导出事由").select_option(label="上报统计与考核")
    page.get_by_label("具体用途").fill("报州人社局三季度统计")
    page.get_by_role("button", name="导出", exact=True).click()
    with page.expect_download() as told:
        page.get_by_role("button", name="下载").click()
    assert re.fullmatch(r"培训记录 DC\d{6}-[0-9A-F]{8}\.xlsx", told.value.suggested_filename)
    visitor.judge("an export", *BOTH)
    visitor.look("/exports/", *BOTH)
    assert visitor.faults == []
