"""The vendored divisions: what they hold, how they are loaded, and that loading again changes nothing."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from registry.regions import reference as files
from registry.regions import services
from registry.regions.models import START_UNKNOWN, Region, RegionClosure
from tests.loaded import loaded, reference

__all__ = ["loaded", "reference"]

pytestmark = pytest.mark.usefixtures("reference")

CITIES_OF_THE_CORPS = [f"6590{n:02}" for n in range(1, 13)]


def current_below(code: str, level: int) -> set[str]:
    found = Region.objects.current().filter(ancestor_links__ancestor=code, level=level)
    return set(found.values_list("code", flat=True))


def test_xinjiang_has_its_14_prefectures_and_110_counties() -> None:
    assert len(current_below("650000", 2)) == 14
    assert len(current_below("650000", 3)) == 110
    assert len(current_below("650000", 4)) == 1198


def test_the_twelve_cities_of_the_corps_hang_directly_under_the_region() -> None:
    cities = Region.objects.filter(code__startswith="6590", level=3)
    assert sorted(cities.values_list("code", flat=True)) == CITIES_OF_THE_CORPS
    assert set(cities.values_list("parent_id", flat=True)) == {"650000"}
    assert Region.objects.get(code="659012").name == "白杨市"


def test_the_two_counties_of_2024_are_there_from_their_first_day() -> None:
    new = Region.objects.filter(code__in=["653228", "653229"]).order_by("code")
    assert [(r.name, r.parent_id, r.valid_from) for r in new] == [
        ("和康县", "653200", dt.date(2024, 12, 27)),
        ("和安县", "653200", dt.date(2024, 12, 27)),
    ]


def test_the_nation_is_whole() -> None:
    current = Region.objects.current()
    assert current.filter(level=1).count() == 34
    assert current.filter(level=2).count() == 333
    assert current.filter(level=3).count() == 2845
    for code, name in (("710000", "台湾省"), ("810000", "香港特别行政区"), ("820000", "澳门特别行政区")):
        assert current.get(code=code, level=1).name == name


def test_abolished_codes_keep_their_days_and_lead_on() -> None:
    kuqa = Region.objects.get(code="652923")
    assert (kuqa.name, kuqa.valid_to, kuqa.successor_id) == ("库车县", dt.date(2018, 12, 31), "652902")
    assert Region.objects.get(code="510922").successor_id == "510981"
    assert Region.objects.get(code="652201").successor_id == "650502"
    on = Region.objects.valid_on(dt.date(2010, 7, 1))
    assert on.filter(code="652923").exists()
    assert not on.filter(code="652902").exists()
    assert not Region.objects.current().filter(code="652923").exists()


def test_every_row_of_the_files_is_sound() -> None:
    rows = {row.code: row for row in files.rows()}
    for row in rows.values():
        assert (row.parent_id is None) == (row.level == 1), row.code
        if row.parent_id:
            assert rows[row.parent_id].level < row.level, row.code
        assert row.full_name.endswith(row.name)
        if row.valid_to:
            assert row.valid_from <= row.valid_to, row.code
        if row.successor_id:
            assert row.valid_to, row.code
            assert rows[row.successor_id].level == row.level, row.code


def test_successors_lead_to_a_code_in_force_and_never_in_a_circle() -> None:
    rows = {row.code: row for row in files.rows()}
    for row in rows.values():
        seen = {row.code}
        while row.successor_id:
            row = rows[row.successor_id]
            assert row.code not in seen
            seen.add(row.code)


def test_loading_again_changes_nothing_and_is_quick() -> None:
    counts = services.load_reference()
    assert (counts.added, counts.changed) == (0, 0)
    assert counts.unchanged == len(files.rows())
    out = io.StringIO()
    call_command("reference", "load", stdout=out)
    assert "regions: 7173 rows, 0 added, 0 changed, 7173 unchanged" in out.getvalue()
    assert float(out.getvalue().split()[-2]) < 5


def test_what_an_operator_entered_outlives_a_load() -> None:
    last = dt.date(2026, 6, 30)
    Region.objects.filter(code="653227").update(valid_to=last, successor_id="653226", name="写错")
    services.load_reference()
    county = Region.objects.get(code="653227")
    assert (county.name, county.valid_to, county.successor_id) == ("民丰县", last, "653226")
    assert services.differences() == []


def test_verify_names_what_differs_and_fails() -> None:
    out = io.StringIO()
    call_command("reference", "verify", "--demo", stdout=out)
    assert "files agree" in out.getvalue()
    Region.objects.filter(code="653227").update(name="民丰")
    with pytest.raises(CommandError, match="653227"):
        call_command("reference", "verify", stdout=out)


def test_the_closure_holds_every_pair_and_no_other() -> None:
    tops = RegionClosure.objects.filter(ancestor__level=1).values("descendant").distinct().count()
    assert tops == Region.objects.count()
    assert services.rebuild_closure() == (0, 0)


def test_a_moved_county_takes_its_townships_along() -> None:
    Region.objects.filter(code="653227").update(parent_id="653100")
    services.tidy()
    below = RegionClosure.objects.filter(ancestor="653100", descendant__parent="653227")
    assert below.count() == Region.objects.filter(parent="653227").count() > 0
    assert not RegionClosure.objects.filter(ancestor="653200", descendant="653227").exists()
    town = Region.objects.filter(parent="653227").first()
    assert town is not None
    assert town.full_name.startswith("新疆维吾尔自治区喀什地区民丰县")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"code": "65322"}, "应为6位数字"),
        ({"level": 1}, "省级区划没有上级"),
        ({"valid_to": dt.date(1900, 1, 1)}, "停用日期不能早于启用日期"),
        ({"successor_id": "653226"}, "只有已停用的区划才有承继区划"),
    ],
)
def test_constraints_say_in_chinese_what_is_wrong(fields: dict[str, object], message: str) -> None:
    given = {"code": "653299", "name": "某县", "full_name": "某县", "level": 3, "parent_id": "653200"}
    with pytest.raises(ValidationError, match=message):
        Region(**{**given, **fields}).full_clean()


def test_an_unrecorded_beginning_does_not_hide_a_division() -> None:
    assert Region.objects.get(code="650102").valid_from == START_UNKNOWN
    assert Region.objects.valid_on(dt.date(1985, 1, 1)).filter(code="650102").exists()
