"""Deciding in the browser: by keys at a desk, by touch on a phone, and without any script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from registry.accounts.models import Role, User
from registry.review import services
from registry.review.models import Case, Outcome
from registry.review.services import Procedure, Step
from tests.browser.conftest import DESKTOP, PHONE, House, Visit, _session, beside
from tests.registry.places import make_user
from tests.registry.review_town import registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(house: House) -> Iterator[tuple[User, list[Case]]]:
    """A reviewer of the county, and three matters that wait for them."""
    known = Procedure(
        "test.pages",
        "开班审批",
        (Step("first", "class.approve"),),
        lambda case, actor: None,
        effect="批准后可以开班",
        facts=lambda case: [("班次", "焊工 5 级")],
    )

    def hand_in() -> tuple[User, list[Case]]:
        maker = User.objects.filter(username="rv-maker").first() or make_user("rv-maker")
        reviewer = User.objects.filter(username="rv-c1").first() or make_user(
            "rv-c1", Role.C1, region_id="653101"
        )
        made = [
            services.open_case(
                kind="test.pages",
                subject_type="class",
                subject_id=f"{n}",
                summary=f"第 {n} 期焊工班开班",
                maker=maker,
                region_code="653101",
            )
            for n in range(1, 4)
        ]
        return reviewer, made

    with registered(known):
        reviewer, made = beside(hand_in)
        yield reviewer, made

        def clear() -> None:
            for case in Case.objects.filter(kind="test.pages", state=Case.State.OPEN):
                services.withdraw(case_id=case.pk, actor=case.maker, version=case.row_version)

        beside(clear)


def state_of(case: Case) -> str:
    return str(beside(lambda: Case.objects.values_list("state", flat=True).get(pk=case.pk)))


def arrived(page: Page, title: str) -> None:
    """The matter is shown, and what listens for keys has been loaded with it."""
    expect(page.locator("#content h2").first).to_have_text(title)
    page.wait_for_load_state()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_reviewer_decides_by_keys(cases: tuple[User, list[Case]], visit: Visit, dark: bool) -> None:
    reviewer, (first, second, third) = cases
    visitor = visit(reviewer, DESKTOP, dark=dark)
    page = visitor.page
    visitor.look("/")
    expect(page.get_by_role("link", name="审核事项").get_by_text("3")).to_be_visible()
    visitor.look("/review/")
    page.get_by_role("link", name="第 1 期焊工班开班").click()
    arrived(page, "第 1 期焊工班开班")
    visitor.judge("detail")
    page.keyboard.press("j")
    arrived(page, "第 2 期焊工班开班")
    page.keyboard.press("k")
    arrived(page, "第 1 期焊工班开班")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="通过", exact=True)).to_be_focused()
    assert state_of(first) == "open", "the first press only chooses"
    page.keyboard.press("a")
    arrived(page, "第 2 期焊工班开班")
    assert state_of(first) == "approved"
    page.keyboard.press("r")
    expect(page.get_by_label("理由")).to_be_focused()
    page.keyboard.type("farr")
    page.keyboard.press("Tab")
    page.keyboard.press("r")
    page.keyboard.press("r")
    arrived(page, "第 3 期焊工班开班")
    assert state_of(second) == "returned"
    page.get_by_label("启用快捷键").uncheck()
    page.keyboard.press("Tab")
    page.keyboard.press("a")
    page.keyboard.press("a")
    assert state_of(third) == "open"
    page.get_by_label("启用快捷键").check()
    assert visitor.faults == []


def test_on_a_phone_the_decision_stands_before_the_queue(
    cases: tuple[User, list[Case]], visit: Visit
) -> None:
    reviewer, (first, *_) = cases
    visitor = visit(reviewer, PHONE)
    visitor.look("/review/")
    visitor.look(f"/review/{first.pk}/")
    page = visitor.page
    say, queue = page.locator(".desk-say"), page.locator(".desk-queue")
    assert say.bounding_box()["y"] < queue.bounding_box()["y"]  # type: ignore[index]
    page.get_by_label("理由").fill("材料不全")
    page.get_by_role("button", name="不通过").click()
    expect(page.get_by_text(f"已记为{Outcome.REFUSE.label}")).to_be_visible()
    assert state_of(first) == "refused"
    assert visitor.faults == []


def test_without_scripts_everything_can_be_decided(
    cases: tuple[User, list[Case]], browser: Browser, origin: str
) -> None:
    reviewer, (first, second, _third) = cases
    context = browser.new_context(java_script_enabled=False, viewport=DESKTOP)
    context.add_cookies([_session(reviewer, origin)])
    page = context.new_page()
    page.goto(f"{origin}/review/{first.pk}/")
    expect(page.get_by_label("启用快捷键")).to_be_hidden()
    page.get_by_role("button", name="退回").click()
    expect(page.get_by_role("alert")).to_contain_text("须写明理由")
    page.get_by_label("理由").fill("材料不全")
    page.get_by_role("button", name="退回").click()
    expect(page.locator("#content h2").first).to_have_text("第 2 期焊工班开班")
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator("#content h2").first).to_have_text("第 3 期焊工班开班")
    assert (state_of(first), state_of(second)) == ("returned", "approved")
    context.close()
