"""Rows of the board's tables. A board has hundreds of cells, so they are drawn here and not by template nodes.

Texts from the database are escaped, by the standard library: Django's own looks for lazy texts first, which costs.
Addresses are made by `Selection.query`, numbers and titles of columns by us.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from registry.templatetags.house import NOTHING, bar, number, rate, tag, wan
from training.targets import wording
from training.targets.numbers import Numbered
from training.targets.progress import Progress

register = template.Library()

_CLASSES = {css: f' class="{css}"' if css else "" for css in ("", "n", "num", "nowrap")}


@register.simple_tag
def figure_cells(
    figures: Mapping[str, int | None], links: Mapping[str, str], columns: Mapping[str, str]
) -> SafeString:
    """The figures beside the main one, each leading to its rows; a figure that is not held is a dash."""
    return mark_safe(
        "".join(
            f'<td class="n" data-l="{columns[name]}">{_figure(name, figures, links)}</td>'
            for name in wording.BESIDE
        )
    )


@register.simple_tag
def figure(name: str, figures: Mapping[str, int | None], links: Mapping[str, str]) -> SafeString:
    """One figure leading to its rows."""
    return mark_safe(_figure(name, figures, links))


def _figure(name: str, figures: Mapping[str, int | None], links: Mapping[str, str]) -> str:
    value = figures[name]
    if value is None:
        return NOTHING
    return _link(links[name], wan(value) if name == "amount_fen" else f"{value:,}")


@register.simple_tag
def month_cells(cells: list[tuple[int, str]]) -> SafeString:
    """Twelve figures, each leading to its month."""
    return mark_safe(
        "".join(
            f'<td class="n">{_link(href, f"{n:,}") if n and href else f"{n:,}"}</td>' for n, href in cells
        )
    )


def _link(href: str, shown: str) -> str:
    return f'<a href="{escape(href)}">{shown}</a>'


@register.simple_tag
def progress_cells(found: Progress, titles: Mapping[str, str]) -> SafeString:
    """完成率, 进度, 落后, 每日需."""
    drawn: SafeString | str = NOTHING
    if found.rate is not None:
        share = bar(found.rate, found.tone, found.time)
        drawn = mark_safe(f'<div class="with-bar">{share}<span>{rate(found.rate)}</span></div>')
    cells = (
        ("", titles["rate"], drawn),
        ("", titles["state"], tag(found.word, found.tone)),
        ("n", titles["gap"], number(found.gap)),
        ("n", titles["pace"], number(found.pace)),
    )
    return mark_safe("".join(f'<td class="{css}" data-l="{title}">{cell}</td>' for css, title, cell in cells))


@register.simple_tag
def number_row(line: Numbered, titles: list[tuple[str, str]], labels: Mapping[str, str]) -> SafeString:
    """One printed number with its flag, its place, what is on record, and links to the remarks about it."""
    target, found = line.target, line.progress
    item = f"：{target.item}" if target.item else ""
    notes = "；".join(filter(None, [target.note, found.note]))
    small = f'<br><small class="mute">{escape(notes)}</small>' if notes else ""
    cells = (
        escape(target.indicator_id),
        f"{escape(target.indicator.name)}{escape(item)}{small}",
        escape(target.period),
        escape(f"{target.printed} {target.unit}"),
        labels[target.kind],
        tag(labels[target.nature], "mute"),
        escape(target.place),
        number(line.times),
        number(line.people),
        NOTHING if found.rate is None else rate(found.rate),
        tag(found.word, found.tone),
        " ".join(f'<a href="#remark-{n}" aria-label="{titles[-1][1]} {n}">[{n}]</a>' for n in line.remarks),
    )
    return _row(
        f'<td class="{css}" data-l="{title}">{cell}</td>'
        for (css, title), cell in zip(titles, cells, strict=True)
    )


def _row(cells: Iterable[str]) -> SafeString:
    return mark_safe(f"<tr>{''.join(cells)}</tr>")


@register.simple_tag
def below_row(
    entry: Mapping[str, Any], titles: Mapping[str, str], columns: Mapping[str, str], below: str
) -> SafeString:
    """One division, provider or class: its name leading below, its figures leading to their rows."""
    name = escape(entry["name"])
    if entry["href"]:
        name = _link(entry["href"], name)
    figures, links = entry["figures"], entry["links"]
    divisions = below == "divisions"
    cells = [f'<th scope="row">{name}</th>']
    if divisions:
        cells.append(f'<td class="n" data-l="{titles["target"]}">{entry["target"]}</td>')
    cells.append(f'<td class="n" data-l="{titles["n"]}">{_figure("n", figures, links)}</td>')
    if divisions:
        cells.append(progress_cells(entry["progress"], titles))
    elif below == "classes":
        cells.append(f'<td class="nowrap" data-l="{titles["days"]}">{entry["note"]}</td>')
    cells.append(figure_cells(figures, links, columns))
    return _row(cells)


@register.simple_tag
def counted_row(entry: Mapping[str, Any], titles: list[tuple[str, str]]) -> SafeString:
    """One row behind a figure; the name leads to the training, `cells` are what the list shows beside it."""
    name, href = escape(entry["name"]), escape(entry["href"])
    head = f'<a href="{href}">{name}</a>' if href else name
    cells = "".join(
        f'<td{_CLASSES[css]} data-l="{title}">{conditional_escape(cell)}</td>'
        for (css, title), cell in zip(titles, entry["cells"], strict=True)
    )
    opened = f'<tr data-href="{href}">' if href else "<tr>"
    return mark_safe(f'{opened}<th scope="row">{head}</th>{cells}</tr>')
