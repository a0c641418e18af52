"""The board over HTTP: figures, drill, the rows behind every figure, scope, and how much is asked of the database."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from registry.accounts.models import Role
from registry.audit.models import Action
from registry.lib.scope import Scope
from registry.people.models import Document
from tests.registry.places import make_user
from tests.signing import sign_in
from tests.training.counted import LONE, N1, N2, NORTH, PROVINCE, S1, SOUTH, Register
from training.targets import indicators, queries, services, sums
from training.targets.counting import Period, Place
from training.targets.models import Allocation, NodeYear, Plan

pytestmark = pytest.mark.django_db

PLAN = Period("plan", dt.date(2021, 1, 1), dt.date(2025, 12, 31))


@pytest.fixture
def register() -> Register:
    """Figures of every kind at every height; half of them folded, half still open."""
    made = Register.make()
    north, south, both = (
        made.provider(name, code) for name, code in (("北校", N1), ("南校", S1), ("两地校", N1))
    )
    rows = made.finish(made.klass(north, N1), "abcde")
    made.finish(made.klass(both, N1, funding="market", training_type="startup"), "abf")
    made.finish(made.klass(both, S1), "ag")
    made.pay(rows[0])
    made.certify("a", N1, institution=north, level_id=4, first_high=True)
    made.certify("b", N1, institution=north)
    made.certify("c", S1)
    services.fold()
    late = made.finish(
        made.klass(south, S1, starts_on=dt.date(2023, 5, 1), ends_on=dt.date(2023, 6, 9)), "gh"
    )
    made.finish(made.klass(north, NORTH), "i")
    made.finish(made.klass(north, LONE), "ij", category="veteran")
    made.pay(late[0], 12_345, paid_on=dt.date(2023, 9, 9))
    made.certify("d", N2, state="revoked", state_on=dt.date(2024, 8, 1))
    return made


def signed_in(role: str, **place: Any) -> Client:
    user = make_user(f"u-{role}-{'-'.join(str(value) for value in place.values())}", Role(role), **place)
    client = Client()
    sign_in(client, user)
    return client


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


# --- every figure leads to exactly its rows ----------------------------------------------------------

_LINKED = re.compile(
    r'<td class="n"[^>]*><a href="([^"]*/rows/\?[^"]*)"[^>]*>(?:<data[^>]*title="([^"]*)"[^>]*>)?([^<]*)<'
)


def linked_figures(page: str) -> Iterator[tuple[str, float]]:
    """(address of the rows, the figure that the page shows) of every figure in the tables."""
    for href, exact, shown in _LINKED.findall(page):
        number = re.sub(r"[^0-9.-]", "", exact or shown)
        if number:
            yield html.unescape(href), float(number)


def counted_rows(client: Client, href: str) -> float:
    """How much the rows behind a figure add up to, over all pages of the list."""
    total, path = 0.0, href
    for _page in range(20):
        page = text_of(client, path)
        body = page.partition("<tbody>")[2].partition("</tbody>")[0]
        if "count=amount_fen" in href:
            total += sum(float(n.replace(",", "")) for n in re.findall(r"([0-9,.]+) 元</td>", body))
        else:
            total += body.count("<tr") - 2 * body.count("撤销冲减")
        more = re.search(r'rel="next" href="([^"]*)"', page)
        if not more:
            return round(total, 2)
        path = html.unescape(more[1])
        path = path if path.startswith("/") else href.partition("?")[0] + path
    raise AssertionError("too many pages")


def walk(client: Client, start: str) -> int:
    """Follow every drill link below `start`; on every page compare every figure with its rows."""
    todo, seen, compared = [start], set(), 0
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        page = text_of(client, path)
        for href, shown in linked_figures(page):
            assert counted_rows(client, href) == shown, (path, href)
            compared += 1
        names = re.findall(r'<th scope="row"><a href="([^"]*)">', page)
        todo += [href for name in names if "/rows/" not in (href := html.unescape(name))]
    assert len(seen) > 2
    return compared


@pytest.mark.parametrize("start", ["/targets/XJ/", "/targets/XJ/?indicator=XJ6&period=2024"])
def test_every_figure_opens_to_exactly_the_rows_that_it_counts(register: Register, start: str) -> None:
    assert walk(signed_in(Role.AUD), start) > 60


def test_pages_of_a_list_neither_skip_nor_repeat(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.targets.rows._CLASSES_AT_ONCE", 1)
    monkeypatch.setattr("training.targets.rows.page.__defaults__", ("", 2))
    assert walk_figures(signed_in(Role.AUD), "/targets/XJ/") > 20


def test_the_list_of_rows_repeats_the_figure_and_says_what_it_counts(register: Register) -> None:
    client = signed_in(Role.AUD)
    page = text_of(client, f"/targets/XJ/rows/?region={N1}&count=n")
    assert (
        "口径" in page
        and "结业日期在 2021-01-01 至 2025-12-31 之间" in page
        and "一人参加两个班计两次" in page
    )
    assert "合计 8 人次" in page
    assert "只计一次" in text_of(client, f"/targets/XJ/rows/?region={N1}&count=heads")
    assert "负数冲减" in text_of(client, f"/targets/XJ/rows/?region={N2}&count=certified")


def test_lists_show_masks_only(register: Register) -> None:
    Document.objects.create(
        person=register.person("a"),
        kind="id_card",
        sealed=b"s",
        blind_index=b"b" * 32,
        mask="6532**********1234",
    )
    assert "6532**********1234" in text_of(signed_in(Role.AUD), f"/targets/XJ/rows/?region={N1}&count=n")


# --- figures -----------------------------------------------------------------------------------------


def test_the_board_shows_done_against_target_and_time(register: Register) -> None:
    Allocation.objects.create(indicator_id="XJ2", region_id=NORTH, value=100)
    page = text_of(signed_in(Role.AUD), "/targets/XJ/")
    assert "7,500,000" in page and "到期未完成" in page
    assert ">100<" in page and "9.0%" in page
    assert "序时进度" in page


def test_children_add_up_to_their_parent_and_people_do_not(register: Register) -> None:
    scope, plan = Scope.all(), Plan.objects.get(pk="XJ")
    indicator = indicators.choices(plan)[0]
    whole = queries.figures(scope, plan, Place(PROVINCE), PLAN, indicator)
    lines = queries.children(scope, plan, Place(PROVINCE), PLAN, indicator, dt.date(2026, 1, 1))
    for name in ("n", "subsidised", "certified", "high_new", "paid", "amount_fen"):
        assert sum(line.figures[name] or 0 for line in lines) == whole[name], name
    assert whole["heads"] == 10
    assert sum(line.figures["heads"] or 0 for line in lines) == 12
    months = sums.sums(Place(PROVINCE), PLAN, indicators.standard(indicator), by="month")
    assert sum(held["n"] or 0 for held in months.values()) == whole["n"] == 15


def test_a_provider_of_two_counties_has_its_own_people_in_each(register: Register) -> None:
    scope, plan = Scope.all(), Plan.objects.get(pk="XJ")
    indicator = indicators.choices(plan)[0]
    for county, people in ((N1, {"北校": 5, "两地校": 3}), (S1, {"南校": 2, "两地校": 2, "": 0})):
        lines = queries.providers(scope, plan, Place(county), PLAN, indicator)
        assert {line.name: line.figures["heads"] for line in lines} == people


def test_a_ratio_says_that_it_cannot_be_computed(register: Register) -> None:
    page = text_of(signed_in(Role.AUD), "/targets/NM/")
    assert page.count("无法计算：缺分母") >= 2
    row = page.partition(">NM1<")[2].partition("</tr>")[0]
    assert "≈35 %" in row and re.search(r"\d+(\.\d+)?%", row.replace("≈35 %", "")) is None


def test_a_stock_is_shown_as_a_lower_bound(register: Register) -> None:
    row = text_of(signed_in(Role.AUD), "/targets/XJ/").partition(">XJ8<")[2].partition("</tr>")[0]
    assert "仅为下限" in row and ">1</td>" in row


@pytest.mark.parametrize("code", ["XJ", "GS", "LS", "NM", "TC"])
def test_remarks_stand_where_the_numbers_stand(register: Register, code: str) -> None:
    page = text_of(signed_in(Role.AUD), f"/targets/{code}/")
    for remark in Plan.objects.get(pk=code).discrepancies.all():
        assert f'id="remark-{remark.number}"' in page and remark.text in html.unescape(page)
        assert f'href="#remark-{remark.number}"' in page


def test_a_region_inside_another_plans_region_is_not_added_twice(register: Register) -> None:
    lines, total = queries.across_plans(Scope.all(), Period.of_year(2024))
    shown = {line.plan.code: line.figures["n"] for line in lines}
    assert (shown["XJ"], shown["TC"], total["n"]) == (13, 9, 13)
    assert {line.plan.code for line in lines if line.inside} == {"TC"}
    assert total["heads"] is None
    assert "不计入合计" in text_of(signed_in(Role.AUD), "/targets/all/?period=2024")


# --- who sees what -----------------------------------------------------------------------------------


def test_a_county_sees_its_own_branch_and_nothing_else(register: Register) -> None:
    client = signed_in(Role.C1, region_id=N1)
    page = text_of(client, "/targets/")
    assert f"地{N1}" in page and "机构明细" in page and f"地{SOUTH}" not in page
    for elsewhere in (SOUTH, PROVINCE, N2, NORTH):
        text_of(client, f"/targets/XJ/?region={elsewhere}", 404)
        text_of(client, f"/targets/XJ/rows/?region={elsewhere}&count=n", 404)
    text_of(client, "/targets/GS/", 404)
    assert walk(client, "/targets/XJ/") > 10


def test_a_school_sees_its_own_classes_and_nothing_else(register: Register) -> None:
    schools = {klass.institution.name: klass for klass in _klasses()}
    client = signed_in(Role.PP, institution=schools["南校"].institution)
    page = text_of(client, "/targets/")
    assert schools["南校"].number in page and schools["北校"].number not in page
    text_of(client, f"/targets/XJ/?region={N1}", 404)
    text_of(client, f"/targets/XJ/?provider={schools['北校'].institution_id}", 404)
    text_of(client, f"/targets/XJ/rows/?class={schools['北校'].pk}&count=n", 404)
    assert walk_figures(client, "/targets/XJ/") > 5


def walk_figures(client: Client, path: str) -> int:
    found = list(linked_figures(text_of(client, path)))
    for href, shown in found:
        assert counted_rows(client, href) == shown, href
    return len(found)


def _klasses() -> list[Any]:
    from training.classes.models import TrainingClass

    return list(TrainingClass.objects.select_related("institution"))


@pytest.mark.parametrize("role", [Role.TRN, Role.SYS])
def test_who_has_no_business_here_sees_no_figure(register: Register, role: str) -> None:
    page = signed_in(role).get("/targets/").content.decode()
    assert "完成人次" not in page


@pytest.mark.parametrize(
    "query",
    [
        "region=999999",
        "region=%27",
        "period=2024-13",
        "period=x",
        "provider=x",
        "class=-1",
        "indicator=XJ99",
        "count=x",
    ],
)
def test_an_address_of_nothing_is_not_found(register: Register, query: str) -> None:
    text_of(signed_in(Role.AUD), f"/targets/XJ/rows/?{query}", 404)


@pytest.mark.parametrize("after", ["x", "1-2", "'--", "653201-99999-1", "---"])
def test_a_spoilt_cursor_shows_a_page(register: Register, after: str) -> None:
    text_of(signed_in(Role.AUD), f"/targets/XJ/rows/?count=n&after={after}")


# --- the rest ----------------------------------------------------------------------------------------


def test_the_workbook_holds_the_figures_of_the_page(register: Register) -> None:
    response = signed_in(Role.AUD).get("/targets/XJ/board.xlsx?period=2024")
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert book.sheetnames == ["合计", "地区", "按月", "规划指标", "数据疑点"]
    totals = {row[0].value: row[1].value for row in book["合计"].iter_rows()}
    assert (totals["人次"], totals["人数"]) == (13, 9)
    months = {row[0].value: [cell.value for cell in row[1:13]] for row in book["按月"].iter_rows()}
    assert months["2024"][2] == 13
    assert book["规划指标"].max_row == 1 + 27
    left = Action.objects.get(code="targets.export")
    assert (left.subject_id, left.after, left.n) == ("XJ", {"place": "period=2024"}, book["地区"].max_row - 2)


def test_a_board_asks_a_fixed_number_of_questions(
    register: Register, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(Role.AUD)
    client.get("/targets/XJ/")
    for path, most in (
        ("/targets/XJ/", 7),
        (f"/targets/XJ/?region={NORTH}", 8),
        (f"/targets/XJ/?region={N1}", 9),
        (f"/targets/XJ/rows/?region={N1}&count=n", 9),
        ("/targets/all/", 5),
    ):
        with django_assert_max_num_queries(most):
            client.get(path)


def test_verify_is_loud(register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    NodeYear.objects.filter(node=PROVINCE).update(n=0)
    with pytest.raises(CommandError, match="differences"):
        call_command("targets", "verify")
    assert "targets_node_year: n: 650000/2/2024" in capsys.readouterr().err
    services.rebuild()
    call_command("targets", "verify")
