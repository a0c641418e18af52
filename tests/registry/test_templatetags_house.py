"""What templates share: figures as offices write them, states with one colour each, drawings without styles."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory

from registry.lib.scope import Actor
from registry.templatetags import house
from registry.templatetags.vocabulary import TONES, tone_of

SPRITE = Path(settings.BASE_DIR) / "registry/static/vendor/tabler/sprite.svg"


def render(source: str, **context: Any) -> str:
    return Template("{% load house %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1234567, 0, "1,234,567"),
        (0, 0, "0"),
        (None, 0, "—"),
        ("", 0, "—"),
        (2.5, 0, "3"),
        ("86.25", 1, "86.3"),
    ],
)
def test_numbers_are_grouped_and_rounded_half_up(value: Any, places: int, text: str) -> None:
    assert house.number(value, places) == text


def test_sums_are_exact_to_the_fen_and_short_in_wan() -> None:
    assert house.money(120_000) == "1,200.00 元"
    assert house.money(None) == "—"
    assert str(house.wan(328_640_000)) == '<data value="3286400" title="3,286,400.00 元">328.64 万元</data>'


def test_a_ratio_without_denominator_is_no_number() -> None:
    assert house.rate(None) == "无法计算"
    assert house.rate(Decimal("0.789")) == "78.9%"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(6.84, "6.8 秒"), (42, "42 秒"), (125, "2 分 5 秒"), (7300, "2 小时 1 分"), (None, "—")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert house.duration(seconds) == text


def test_a_tag_says_the_word_and_escapes_it() -> None:
    assert str(house.tag("已入库")) == '<span class="tag ok">已入库</span>'
    assert "<b>" not in str(house.tag("<b>"))
    assert house.tag("") == ""


def test_every_state_of_every_model_has_its_colour() -> None:
    known = {str(word) for words in TONES.values() for word in words}
    missing = {
        f"{model._meta.label}.{field.name}: {label}"
        for app in ("registry", "certificates", "training")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.fields
        if field.name in ("state", "result", "basis", "severity")
        for _value, label in field.choices or ()
        if str(label) not in known
    }
    assert not missing


def test_no_word_has_two_colours() -> None:
    words = [str(word) for words in TONES.values() for word in words]
    assert len(words) == len(set(words))
    assert tone_of("一个新词") == "mute"


def test_bars_are_drawn_without_styles_and_stay_inside() -> None:
    drawn = str(house.bar(1.7, "ok", 0.5))
    assert 'width="100.00"' in drawn and "style=" not in drawn


def test_a_single_row_of_many_is_still_seen() -> None:
    assert 'class="bad" x="99.50" width="0.50"' in str(house.stacked(100_000, "ok", 1, "bad"))
    assert str(house.stacked(0, "ok", 0, "bad")).count('width="0.00"') == 2


def test_every_icon_that_templates_name_is_in_the_sprite() -> None:
    import re

    sprite = SPRITE.read_text("utf-8")
    used: set[str] = set()
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        used |= set(re.findall(r'\{% icon "([^"]+)"', text)) | set(re.findall(r'icon_name="([^"]+)"', text))
        used |= set(re.findall(r'\{% menu_item "[^"]+" "([^"]+)"', text))
    assert used
    assert not {name for name in used if f'id="i-{name}"' not in sprite}


def menu(role: str, view_name: str = "", page: str = "people:list") -> str:
    request: Any = RequestFactory().get("/")
    request.actor = Actor(role=role)
    request.resolver_match = type("Match", (), {"view_name": view_name})()
    item = f'{{% menu_item "{page}" "users" "学员档案" roles="C1 PC" count=3 %}}'
    return render('{% menu_group "组" %}' + item + "{% endmenu_group %}", request=request)


def test_a_menu_line_is_shown_to_its_roles_only_and_an_empty_group_to_nobody() -> None:
    assert "学员档案" in menu("C1") and '<span class="count">3</span>' in menu("C1")
    assert menu("TRN").strip() == ""


def test_what_a_role_may_not_open_is_not_in_its_menu() -> None:
    assert menu("C1", page="people:matches").strip()
    assert menu("PC", page="people:matches").strip() == ""
    assert menu("C1", page="nowhere:list").strip() == ""


def test_the_line_of_the_present_room_is_lit() -> None:
    assert 'aria-current="page"' in menu("C1", "people:detail")
    assert 'aria-current="page"' not in menu("C1", "classes:detail")


def test_a_chart_carries_its_numbers_and_a_sentence() -> None:
    drawn = render(
        "{% chart 'c' data '各县完成数' %}", data={"type": "pie", "items": [{"name": "</script>"}]}
    )
    assert 'role="img" aria-label="各县完成数"' in drawn
    assert drawn.count("</script>") == 1 and 'type="application/json"' in drawn
