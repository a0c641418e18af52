"""The board and its drill, the rows behind every figure, all plans side by side."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from registry.accounts.policy import requires
from registry.audit import services as audit
from registry.lib.scope import Actor, Scope
from training.catalogue.codes import TrainingType
from training.targets import board as boards
from training.targets import export, listing, places, queries, rows, wording
from training.targets.board import Board
from training.targets.counting import Period, Place
from training.targets.models import Kind, Nature, Plan
from training.targets.places import Division, OutsideScope
from training.targets.queries import Line
from training.targets.selection import Selection, Unreadable

_BELOW = {
    boards.DIVISIONS: (_lazy("地区"), _lazy("地区明细")),
    boards.PROVIDERS: (_lazy("机构"), _lazy("机构明细")),
    boards.CLASSES: (_lazy("班级"), _lazy("班级明细")),
}
_TITLES = {
    "target": _lazy("目标"),
    "n": _lazy("完成人次"),
    "rate": _lazy("完成率"),
    "state": _lazy("进度"),
    "gap": _lazy("落后"),
    "pace": _lazy("每日需"),
    "days": _lazy("起止"),
}
_NUMBER_TITLES = [
    ("", _lazy("编号")),
    ("", _lazy("指标")),
    ("nowrap", _lazy("时期")),
    ("n", _lazy("所载数")),
    ("nowrap", _lazy("类型")),
    ("", _lazy("属性")),
    ("", _lazy("文中位置")),
    ("n", _lazy("登记人次")),
    ("n", _lazy("登记人数")),
    ("n", _lazy("完成率")),
    ("", _lazy("进度")),
    ("nowrap", _lazy("疑点")),
]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@requires("stats.read")
def board(request: HttpRequest, code: str = "") -> HttpResponse:
    """The board of a plan, of the first one by default, at any place and period below it."""
    scope = _scope(request)
    found = places.plans(scope)
    if not found:
        return render(request, "training/targets/no_plan.html")
    plan = _plan(found, code or request.GET.get("plan", ""))
    chosen = _selection(scope, plan, request)
    gathered = boards.gather(scope, chosen, timezone.localdate())
    return render(request, "training/targets/board.html", _context(gathered, found))


@require_safe
@requires("stats.read")
def workbook(request: HttpRequest, code: str) -> HttpResponse:
    """The board as xlsx: figures only, so it is made at once; that it left is recorded."""
    scope = _scope(request)
    chosen = _selection(scope, _plan(places.plans(scope), code), request)
    gathered = boards.gather(scope, chosen, timezone.localdate())
    out = io.BytesIO()
    export.write(out, gathered)
    with transaction.atomic():
        audit.record(
            code="targets.export",
            actor=request.user,
            subject_type="plan",
            subject_id=chosen.plan.code,
            n=len(gathered.lines),
            after={"place": chosen.query()},
        )
    name = f"targets-{chosen.plan.code}-{chosen.period.key}.xlsx"
    return HttpResponse(
        out.getvalue(), content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_safe
@requires("stats.read")
def row_list(request: HttpRequest, code: str) -> HttpResponse:
    """The rows that one figure counts, with the figure repeated and its definition."""
    scope = _scope(request)
    chosen = _selection(scope, _plan(places.plans(scope), code), request)
    name = request.GET.get("count", "n")
    if name not in wording.COLUMNS:
        raise Http404
    count = chosen.counts[name]
    total = queries.figures(scope, chosen.plan, chosen.place, chosen.period, chosen.indicator)[name]
    page = rows.page(scope, chosen.plan, chosen.place, chosen.period, count, request.GET.get("after", ""))
    known = wording.names_of(chosen.place)
    context = {
        "selection": chosen,
        "count_name": name,
        "title": wording.COLUMNS[name],
        "total": total,
        "page": page,
        "definition": wording.definition(count, chosen.place, chosen.period, known),
        "place_name": wording.place_name(chosen.place, known=known),
        "crumbs": _crumbs(chosen, places.path(chosen.place.region), known),
        "row_titles": listing.titles(count),
        "lines": listing.lines(page, count),
        "first": bool(request.GET.get("after")),
    }
    return render(request, "training/targets/rows.html", context)


@require_safe
@requires("stats.read")
def all_plans(request: HttpRequest) -> HttpResponse:
    """Every plan's figures over one year, and a total that counts no division twice."""
    scope = _scope(request)
    period = Period.read(request.GET.get("period", "")) or Period.of_year(timezone.localdate().year)
    try:
        lines, total = queries.across_plans(scope, period)
    except OutsideScope:
        raise Http404 from None
    years = range(timezone.localdate().year, 2015, -1)
    context = {"lines": lines, "total": total, "period": period, "years": years, "columns": wording.COLUMNS}
    return render(request, "training/targets/all_plans.html", context)


# --- from the address --------------------------------------------------------------------------------


def _scope(request: HttpRequest) -> Scope:
    """Whose eyes look."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor.scope


def _plan(found: list[Plan], code: str) -> Plan:
    for plan in found:
        if code in ("", plan.code):
            return plan
    raise Http404


def _selection(scope: Scope, plan: Plan, request: HttpRequest) -> Selection:
    """A place beyond the reader's scope is not found, whether it exists or not."""
    try:
        return Selection.read(scope, plan, request.GET.dict(), timezone.localdate())
    except (OutsideScope, Unreadable):
        raise Http404 from None


# --- for the templates -------------------------------------------------------------------------------


def _context(found: Board, plans: list[Plan]) -> dict[str, Any]:
    chosen = found.selection
    base = reverse("targets:plan", args=[chosen.plan.code])
    rows_base = reverse("targets:rows", args=[chosen.plan.code])
    lines = [_linked(chosen, line, base, rows_base) for line in found.lines]
    divisions = found.below == boards.DIVISIONS
    known = wording.names_of(chosen.place)
    links = [line["href"] for line in lines]
    return {
        "board": found,
        "selection": chosen,
        "plan": chosen.plan,
        "plans": plans,
        "period": chosen.period,
        "progress": found.progress,
        "figures": found.figures,
        "links": _row_links(chosen, rows_base),
        "lines": lines,
        "has_targets": divisions,
        "below_title": _BELOW[found.below][1],
        **_words(get_language(), found.below),
        "target_chart": boards.target_chart(found, links) if divisions and lines else None,
        "pie_chart": boards.pie_chart(found) if any(found.types.values()) else None,
        "types": [(TrainingType(code).label, n) for code, n in found.types.items() if n],
        "definition": wording.definition(chosen.counts["n"], chosen.place, chosen.period, known),
        "place_name": wording.place_name(chosen.place, known=known),
        "crumbs": _crumbs(chosen, found.way, known),
        "periods": _periods(chosen),
        "choices": chosen.choices,
        "export": f"{reverse('targets:workbook', args=[chosen.plan.code])}?{chosen.query()}",
        **_months(found, base),
    }


@cache
def _words(_language: str | None, below: str) -> dict[str, Any]:
    """Titles and labels of the tables, looked up once and not for every page or cell."""
    return {
        "titles": {name: str(word) for name, word in _TITLES.items()} | {"name": str(_BELOW[below][0])},
        "columns": {name: str(word) for name, word in wording.COLUMNS.items()},
        "beside": [str(wording.COLUMNS[name]) for name in wording.BESIDE],
        "number_titles": [(css, str(word)) for css, word in _NUMBER_TITLES],
        "number_labels": {value: str(label) for value, label in (*Kind.choices, *Nature.choices)},
    }


def _months(found: Board, base: str) -> dict[str, Any]:
    """The table of months and its chart; nothing when the period is one month."""
    if found.months is None:
        return {}
    chosen = found.selection
    links = {key: f"{base}?{chosen.query(period=key)}" for key in found.months}
    rows = found.month_rows()
    return {
        "heat_chart": boards.heat_chart(found, links),
        "month_titles": [_("%(month)d月") % {"month": month} for month in range(1, 13)],
        "month_rows": [
            (year, sum(n for _key, n in cells), [(n, links.get(key, "")) for key, n in cells])
            for year, cells in rows
        ],
    }


def _linked(chosen: Selection, line: Line, base: str, rows_base: str) -> dict[str, Any]:
    """A line with its own address and the addresses of the rows behind its figures."""
    there = chosen.at(line.place)
    links = _row_links(there, rows_base)
    href = links["n"] if line.place.klass is not None else f"{base}?{there.query()}"
    name = line.name or _("未注明机构")
    if line.place.klass == 0:
        name, href = _("证书（不分班级）"), ""
    target = line.progress.target if line.progress else None
    return {
        "name": name,
        "href": href,
        "figures": line.figures,
        "progress": line.progress,
        "links": links,
        "target": "—" if target is None else f"{target:,.0f}",
        "note": line.note,
    }


def _row_links(chosen: Selection, base: str) -> dict[str, str]:
    query = chosen.query()
    start = f"{base}?{query}{'&' if query else ''}count="
    return {name: start + name for name in wording.COLUMNS}


def _crumbs(chosen: Selection, way: list[Division], known: wording.Names) -> list[tuple[str, str]]:
    """From the reader's root down to the place: (name, address)."""
    base = reverse("targets:plan", args=[chosen.plan.code])
    steps: list[tuple[str, Place]] = []
    root, place = chosen.root, chosen.place
    if root.is_node:
        codes = [division.code for division in way]
        start = codes.index(root.region) if root.region in codes else len(codes)
        steps += [(division.name, Place(division.code)) for division in way[start:]]
    else:
        steps.append((wording.place_name(root), root))
    if place.own:
        steps.append((wording.place_name(Place(place.region, own=True)), Place(place.region, own=True)))
    if place.institution is not None and root.is_node:
        provider = Place(place.region, place.own, place.institution)
        name = wording.place_name(Place(institution=place.institution), known=known)
        steps.append((name or _("未注明机构"), provider))
    if place.klass is not None:
        steps.append((wording.place_name(Place(klass=place.klass), known=known).strip(), place))
    return [(name, f"{base}?{chosen.at(at).query()}") for name, at in steps]


def _periods(chosen: Selection) -> list[Period]:
    """What the period field offers: the plan's years as a whole, each of them, and a month that is chosen now."""
    today = timezone.localdate()
    years = {year for year in (*chosen.whole.years, today.year) if year <= today.year}
    found = [chosen.whole, *(Period.of_year(year) for year in sorted(years, reverse=True))]
    return found if chosen.period.key in {period.key for period in found} else [*found, chosen.period]
