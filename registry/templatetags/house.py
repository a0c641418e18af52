"""What templates of every room share: numbers, money, tags of states, icons, bars, menu items, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_urlconf, resolve, reverse
from django.utils.functional import Promise
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registry.accounts.bindings import action_of
from registry.accounts.policy import can
from registry.intake import wording
from registry.lib.money import format_wan, format_yuan
from registry.templatetags.vocabulary import tone_of

register = template.Library()

NOTHING = "—"
# The narrowest part of a bar, in hundredths of it.
SLIVER = 0.5


# --- numbers ---------------------------------------------------------------------------------------


@register.filter
def number(value: Any, places: int = 0) -> str:
    """1234567 → 1,234,567; None and "" → a dash. `places` decimals, half up."""
    if value is None or value == "":
        return NOTHING
    if not places and type(value) is int:
        return f"{value:,}"
    step = Decimal(1).scaleb(-places)
    return f"{Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP):,}"


@register.filter
def money(fen: int | None) -> str:
    """Fen → 1,200.00 元."""
    return NOTHING if fen is None else _units(get_language())[0] % {"sum": format_yuan(fen)}


@register.filter
def wan(fen: int | None) -> SafeString | str:
    """Fen → 328.64 万元, with the exact sum on hover and for machines."""
    if fen is None:
        return NOTHING
    exact, short = _units(get_language())
    # Pages have hundreds of these, all of them numbers and our own words: nothing needs escaping.
    return mark_safe(
        f'<data value="{Decimal(fen) / 100}" title="{exact % {"sum": format_yuan(fen)}}">'
        f"{short % {'sum': format_wan(fen)}}</data>"
    )


@cache
def _units(_language: str | None) -> tuple[str, str]:
    """元 and 万元 as this language puts them; looked up once, as tables are full of them."""
    return _("%(sum)s 元"), _("%(sum)s 万元")


@register.filter
def wan_times(count: int | Decimal | None, unit: str = "人次") -> SafeString | str:
    """A count → 750.0 万人次, with the exact count on hover and for machines."""
    if count is None:
        return NOTHING
    exact = f"{number(count)} {unit}"
    return format_html(
        '<data value="{}" title="{}">{} 万{}</data>', count, exact, number(Decimal(count) / 10_000, 1), unit
    )


@register.filter
def rate(value: Decimal | float | None) -> str:
    """0.789 → 78.9%; a ratio without its denominator is no number."""
    return _("无法计算") if value is None else f"{number(Decimal(str(value)) * 100, 1)}%"


@register.filter
def day(value: Any) -> str:
    """A date as 2026-05-11, whatever the language."""
    return NOTHING if not value else value.strftime("%Y-%m-%d")


@register.filter
def moment(value: Any) -> str:
    """A moment as 2026-05-11 09:41 in the office's time."""
    from django.utils.timezone import localtime

    return NOTHING if not value else localtime(value).strftime("%Y-%m-%d %H:%M")


@register.filter
def duration(seconds: float | None) -> str:
    """6.8 → 6.8 秒; 125 → 2 分 5 秒; 7300 → 2 小时 1 分."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return _("%(n)s 秒") % {"n": f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"}
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _("%(m)s 分 %(s)s 秒") % {"m": minutes, "s": rest}
    return _("%(h)s 小时 %(m)s 分") % {"h": minutes // 60, "m": minutes % 60}


@register.filter
def about(seconds: float) -> str:
    """The same without a show of exactness: whole seconds, or whole minutes."""
    return duration(max(10.0, round(seconds)) if seconds < 60 else round(seconds / 60) * 60)


@register.filter
def fault(code: str) -> str:
    """The short name of an issue's code."""
    return wording.fault(code)


@register.filter
def short_id(value: Any) -> str:
    """The end of a long random id: enough to tell batches of one list apart when talking about them."""
    return str(value)[-12:]


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """`mapping[key]` where a template cannot write it; None when absent."""
    return mapping.get(key) if mapping else None


# --- marks -----------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, tone: str = "") -> SafeString:
    """An icon of the sprite. Decoration only: the words beside it carry the meaning."""
    return _icon(name, tone, static("vendor/tabler/sprite.svg"))


@lru_cache(maxsize=500)
def _icon(name: str, tone: str, sprite: str) -> SafeString:
    return format_html(
        '<svg class="i {}" aria-hidden="true" focusable="false"><use href="{}#i-{}"></use></svg>',
        tone and f"{tone}-ink",
        sprite,
        name,
    )


@register.simple_tag
def tag(word: str | Promise | None, tone: str = "") -> SafeString | str:
    """A state as a word first and a colour second; the colour is the word's own unless one is given."""
    return _tag(str(word), tone) if word else ""


# Tables have one in every row, of few words. `typed`: what is marked safe is another word than what is not.
@lru_cache(maxsize=500, typed=True)
def _tag(word: str, tone: str) -> SafeString:
    return format_html('<span class="tag {}">{}</span>', tone or tone_of(word), word)


@register.simple_tag
def bar(value: float | Decimal | None, tone: str = "ok", mark: float | Decimal | None = None) -> SafeString:
    """A bar of a share (0–1, cut at 1), with an optional mark. For the eye: the number stands beside it."""
    parts = [(0.0, _percent(value), tone or "info")]
    if mark is not None:
        parts.append((min(_percent(mark), 99.0), 1.0, "mark"))
    return _drawn(parts)


@register.simple_tag
def stacked(*counts_and_tones: Any) -> SafeString:
    """`{% stacked 1842 "ok" 22 "warn" 36 "bad" %}`: shares of one whole laid end to end."""
    counts = [max(0, int(count or 0)) for count in counts_and_tones[::2]]
    whole = sum(counts) or 1
    # A share of one in a hundred thousand must still be seen; the largest gives way to it.
    widths = [max(100 * count / whole, SLIVER) if count else 0.0 for count in counts]
    widths[counts.index(max(counts))] -= max(0.0, sum(widths) - 100)
    starts = [sum(widths[:n]) for n in range(len(widths))]
    return _drawn(list(zip(starts, widths, counts_and_tones[1::2], strict=True)), "tall")


def _percent(share: float | Decimal | None) -> float:
    return round(100 * min(1.0, max(0.0, float(share or 0))), 2)


def _drawn(parts: Sequence[tuple[float, float, str]], css: str = "") -> SafeString:
    # Tables have a bar in every row; tones are our own words, the rest is numbers.
    rects = "".join(
        f'<rect class="{tone}" x="{x:.2f}" width="{width:.2f}" height="1"></rect>' for x, width, tone in parts
    )
    return mark_safe(
        f'<svg class="bar {css}" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">{rects}</svg>'
    )


# --- links and lists -------------------------------------------------------------------------------


@register.simple_tag
def url_or_nothing(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a named page, or "" when no room offers it."""
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def url_if_open(context: template.Context, name: str, *args: Any) -> str:
    """The address of a named page, or "" when the reader's role may not open it: what its view requires decides."""
    href = url_or_nothing(name, *args)
    # Not through the cache: it is for the few addresses of the menu, and these are as many as there are rows.
    action = _action_of.__wrapped__(href, get_urlconf() or settings.ROOT_URLCONF) if href else None
    actor = getattr(context.get("request"), "actor", None)
    return "" if action and actor is not None and not can(actor, action) else href


@register.simple_tag(takes_context=True)
def menu_item(
    context: template.Context,
    name: str,
    icon_name: str,
    label: str,
    roles: str = "",
    count: int | None = None,
) -> SafeString | str:
    """One line of the left menu: absent when its room has no page, or the reader may not open it.

    What the page's view requires decides; `roles` (codes between blanks) narrows it to those with a use for it.
    """
    request = context.get("request")
    actor = getattr(request, "actor", None)
    href = url_or_nothing(name)
    if href and actor is not None:
        action = _action_of(href, get_urlconf() or settings.ROOT_URLCONF)
        if (roles and actor.role not in roles.split()) or (action and not can(actor, action)):
            href = ""
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    same_room = (
        ":" in name and name.endswith((":list", ":board")) and here.split(":")[0] == name.split(":")[0]
    )
    lit = context.get("menu") or (name if here == name or same_room else "")
    if not href:
        return ""
    return _menu_line(href, icon(icon_name), str(label), count or 0, lit == name)


@lru_cache(maxsize=200)
def _menu_line(href: str, drawn: SafeString, label: str, count: int, is_current: bool) -> SafeString:
    current = mark_safe(' aria-current="page"') if is_current else ""
    waits = format_html('<span class="count">{}</span>', number(count)) if count else ""
    return format_html(
        '<li><a href="{}"{}>{}<span>{}</span>{}</a></li>\n', href, current, drawn, label, waits
    )


@lru_cache(maxsize=100)
def _action_of(href: str, urlconf: str) -> str | None:
    """What the page's view requires. Every page draws the whole menu, and addresses do not change meanwhile."""
    match = resolve(href, urlconf)
    return action_of(match.func, match.view_name)


@register.simple_block_tag
def menu_group(content: str, title: str) -> SafeString | str:
    """A titled group of menu lines; nothing at all when none of its lines is shown."""
    if not content.strip():
        return ""
    return format_html("<h2>{}</h2><ul>{}</ul>", title, content)


@register.simple_tag
def describe(field: BoundField) -> BoundField | SafeString:
    """A form field drawn with its help, its error and the faults of its cell tied to it, for those who listen."""
    told = {"fault": getattr(field.field, "faults", ()), "help": field.help_text, "error": field.errors}
    ids = [f"{field.id_for_label}-{name}" for name, text in told.items() if text]
    css = (
        "form-select"
        if field.widget_type == "select"
        else "form-check-input"
        if field.widget_type == "checkbox"
        else "form-control"
    )
    attrs: dict[str, str | bool] = {"class": css}
    if ids:
        attrs["aria-describedby"] = " ".join(ids)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


# --- charts ----------------------------------------------------------------------------------------


@register.simple_tag
def chart(element_id: str, data: Mapping[str, Any], sentence: str, size: str = "") -> SafeString:
    """A chart: its numbers as JSON, and the place where charts.js draws them.

    `data["type"]` is one of target, lines, pie, heat (see charts.js); `sentence` says what it shows to who
    cannot see it. The page shows the same numbers in a table, and puts `{% chart_assets %}` into its block
    `scripts`. size: "" (20 rem high), low, high.
    """
    return format_html(
        '{}<div class="chart {}" id="{}" data-chart="{}-data" role="img" aria-label="{}"></div>',
        json_script(data, f"{element_id}-data"),
        size,
        element_id,
        element_id,
        sentence,
    )


@register.simple_tag
def chart_assets() -> SafeString:
    """The scripts that charts need; only pages with charts load them."""
    return format_html(
        '<script src="{}" defer></script><script src="{}" defer></script>',
        static("vendor/echarts/echarts.custom.min.js"),
        static("charts.js"),
    )
