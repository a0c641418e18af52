"""Rows of the board's tables. A board has hundreds of cells, so they are drawn here and not by template nodes.

Texts from the database go through format_html; addresses are made by `Selection.query`, numbers by us.
"""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from registry.templatetags.house import NOTHING, bar, number, rate, tag, wan
from training.targets import wording
from training.targets.numbers import Numbered
from training.targets.progress import Progress

register = template.Library()


@register.simple_tag
def figure_cells(
    figures: Mapping[str, int | None], links: Mapping[str, str], columns: Mapping[str, str]
) -> SafeString:
    """The figures beside the main one, each leading to its rows; a figure that is not held is a dash."""
    return mark_safe(
        "".join(
            f'<td class="n" data-l="{columns[name]}">{figure(name, figures, links)}</td>'
            for name in wording.BESIDE
        )
    )


@register.simple_tag
def figure(name: str, figures: Mapping[str, int | None], links: Mapping[str, str]) -> SafeString | str:
    """One figure leading to its rows."""
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


def _link(href: str, shown: str) -> SafeString:
    return mark_safe(f'<a href="{escape(href)}">{shown}</a>')


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
    small = format_html('<br><small class="mute">{}</small>', notes) if notes else ""
    cells = [
        target.indicator_id,
        format_html("{}{}{}", target.indicator.name, item, small),
        target.period,
        f"{target.printed} {target.unit}",
        labels[target.kind],
        tag(labels[target.nature], "mute"),
        target.place,
        number(line.times),
        number(line.people),
        NOTHING if found.rate is None else rate(found.rate),
        tag(found.word, found.tone),
        mark_safe(
            " ".join(
                f'<a href="#remark-{n}" aria-label="{titles[-1][1]} {n}">[{n}]</a>' for n in line.remarks
            )
        ),
    ]
    return format_html(
        "<tr>{}</tr>",
        format_html_join(
            "",
            '<td class="{}" data-l="{}">{}</td>',
            ((css, title, cell) for (css, title), cell in zip(titles, cells, strict=True)),
        ),
    )
