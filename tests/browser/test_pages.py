"""Every page of the house on a desk and on a phone: readable, within its policy, and open to everybody."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESKTOP, PHONE, House, Visit
from training.enrolments.models import Enrolment

# The server and its data belong to the file; what a test itself asks the database is a transaction beside them.
pytestmark = pytest.mark.django_db


def paths(house: House) -> list[tuple[str, str]]:
    """(role, address) of every page."""
    row = Enrolment.objects.get(batch_id=house.done.pk, person=house.person)  # the trainee's own
    return [
        ("RG", "/"),
        ("RG", "/intake/"),
        ("RG", "/intake/?q=没有这样的文件"),
        ("RG", "/intake/new/"),
        ("RG", f"/intake/{house.waiting.pk}/"),
        ("RG", f"/intake/{house.waiting.pk}/?view=accepted"),
        ("RG", f"/intake/{house.waiting.pk}/rows/3/"),
        ("RG", f"/intake/{house.done.pk}/"),
        ("RG", "/people/"),
        ("RG", f"/people/?q={house.person.name[0]}"),
        ("RG", f"/people/{house.person.pk}/"),
        ("RG", "/people/matches/"),
        ("RG", "/classes/"),
        ("RG", f"/classes/{row.klass_id}/"),
        ("RG", f"/enrolments/classes/{row.klass_id}/certificates/"),
        ("RG", "/enrolments/"),
        ("RG", f"/enrolments/{row.pk}/"),
        ("RG", f"/enrolments/{row.pk}/cells/"),
        ("RG", "/institutions/"),
        ("RG", f"/institutions/{house.world.school.pk}/"),
        ("RG", "/targets/"),
        ("C1", "/"),
        ("PC", "/"),
        ("AUD", f"/people/{house.person.pk}/"),
        ("AUD", "/inspection/"),
        ("AUD", "/inspection/acts/"),
        ("TRN", "/people/me/"),
        ("TRN", f"/enrolments/{row.pk}/"),
        ("TRN", f"/enrolments/{row.pk}/receipt/"),
    ]


@pytest.mark.slow
def test_every_page(house: House, visit: Visit) -> None:
    visitors = {role: visit(user) for role, user in house.users.items()}
    for role, path in paths(house):
        visitors[role].look(path, PHONE, DESKTOP)
    assert [fault for visitor in visitors.values() for fault in visitor.faults] == []


def test_at_night(house: House, visit: Visit) -> None:
    """Dark colours are other colours: their contrast is looked at by itself."""
    visitor = visit(house.users["RG"], dark=True)
    review = f"/intake/{house.waiting.pk}/"
    for path in ("/", review, f"{review}rows/3/", f"/people/{house.person.pk}/", "/targets/"):
        visitor.look(path)
    assert visitor.faults == []


def test_pages_without_sign_in(house: House, visit: Visit) -> None:
    visitor = visit(None, PHONE)
    visitor.look("/accounts/sign-in/")
    assert visitor.faults == []


def test_pages_that_say_no(house: House, visit: Visit) -> None:
    """404 beyond the scope and 403 beyond the role, each with a case number."""
    visitor = visit(house.users["PC"])
    visitor.look("/people/00000000-0000-0000-0000-000000000000/", status=404)
    assert "案例号" in visitor.page.inner_text("main")
    visitor.look("/people/matches/", status=403)
    assert "您的角色是机构经办" in visitor.page.inner_text("main")
    assert visitor.faults == []


def test_the_menu_of_a_phone_opens_and_closes(house: House, visit: Visit) -> None:
    visitor = visit(house.users["RG"], PHONE)
    visitor.look("/")
    assert not visitor.page.get_by_role("link", name="培训班次").is_visible()
    visitor.page.get_by_role("button", name="打开菜单").click()
    visitor.page.get_by_role("link", name="培训班次").click()
    visitor.page.wait_for_url("**/classes/")
    assert visitor.faults == []


def test_the_skip_link_comes_first(house: House, visit: Visit) -> None:
    visitor = visit(house.users["RG"])
    visitor.look("/")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.textContent") == "跳到正文"
