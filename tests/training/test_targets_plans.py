"""The plans as data: nothing missing, nothing converted away, every remark beside its numbers."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.training.counted import make_regions
from training.targets import handbook, reference, services
from training.targets.counting import Filter
from training.targets.models import Discrepancy, Indicator, Target

ROOT = Path(__file__).resolve().parents[2]

#: How many rows each plan has.
ROWS = {"XJ": 22, "GS": 7, "LS": 19, "NM": 2, "TC": 2}

#: indicator, part -> number as printed, unit, kind
PRINTED = {
    ("XJ1", 1): ("595.06", "万人次", "baseline"),
    ("XJ2", 1): ("≥750", "万人次", "cumulative"),
    ("XJ3", 1): ("123.14", "万人次", "annual_baseline"),
    ("XJ4", 1): ("150", "万人次", "annual_average"),
    ("XJ5", 1): ("106.5", "万人次", "annual_baseline"),
    ("XJ6", 1): ("80", "万人次", "annual_average"),
    ("XJ7", 1): ("500", "万人次", "cumulative"),
    ("XJ8", 1): ("80", "万人", "stock"),
    ("XJ9", 1): ("12", "万人", "flow"),
    ("XJ10", 1): ("≥5", "万人次", "cumulative"),
    ("XJ11", 3): ("50", "个", "cumulative"),
    ("XJ12", 1): ("30", "个", "cumulative"),
    ("XJ13", 1): ("1", "届", "frequency"),
    ("XJ14", 1): ("100", "个", "cumulative"),
    ("XJ15", 1): ("1000", "人次", "annual"),
    ("XJ16", 1): ("6", "个", "annual"),
    ("XJ17", 1): ("15", "万人次", "cumulative"),
    ("XJ18", 1): ("5000", "人", "annual"),
    ("XJ19", 2): ("≥24学时", "学时", "annual"),
    ("XJ20", 1): ("300", "名", "cumulative"),
    ("XJ21", 1): ("≥2", "次", "annual"),
    ("XJ22", 1): ("万名", "人", "named"),
    ("GS1", 1): ("195", "万人次", "baseline"),
    ("GS2", 1): ("191", "万人", "stock"),
    ("GS3", 1): ("39", "万人", "stock"),
    ("GS4", 1): ("≥200", "万人次", "cumulative"),
    ("GS5", 1): ("全覆盖", "%", "coverage"),
    ("GS6", 1): ("9", "个", "cumulative"),
    ("GS7", 1): ("2%", "%", "ratio"),
    ("LS1", 1): ("12.97", "万人次", "baseline"),
    ("LS2", 1): ("37.99", "万人", "stock"),
    ("LS3", 1): ("1.2", "万人", "annual"),
    ("LS4", 1): ("70", "%", "ratio"),
    ("LS5", 1): ("17", "%", "ratio"),
    ("LS6", 1): ("33", "万人", "stock"),
    ("LS7", 1): ("40", "万人", "stock"),
    ("LS8", 1): ("[10]", "万人次", "cumulative"),
    ("LS9", 1): ("[2.8]", "万人次", "subset"),
    ("LS10", 1): ("25", "%", "ratio"),
    ("LS11", 1): ("0.75", "万人次", "cumulative"),
    ("LS12", 1): ("5500", "人", "cumulative"),
    ("LS13", 2): ("1", "个", "cumulative"),
    ("LS14", 3): ("10", "个", "cumulative"),
    ("LS15", 1): ("6", "所", "stock"),
    ("LS16", 2): ("1", "个", "cumulative"),
    ("LS17", 3): ("1-2", "个", "cumulative"),
    ("LS18", 1): ("全覆盖", "%", "coverage"),
    ("LS19", 1): ("≥60", "%", "ratio"),
    ("NM1", 1): ("≈35", "%", "ratio"),
    ("NM2", 1): ("≥60", "%", "ratio"),
    ("TC1", 1): ("≥3", "年", "eligibility"),
    ("TC2", 1): ("—", "", "equivalence"),
}


def test_every_row_is_there_with_its_number_as_printed() -> None:
    codes = [row.code for row in reference.indicators()]
    assert codes == [f"{plan}{number}" for plan, rows in ROWS.items() for number in range(1, rows + 1)]
    held = {(row.indicator_id, row.part): (row.printed, row.unit, row.kind) for row in reference.targets()}
    assert {pair: held.get(pair) for pair in PRINTED} == PRINTED
    assert {code for code, _part in held} == set(codes)


def test_the_figure_is_the_printed_number() -> None:
    for row in reference.targets():
        digits = re.search(r"\d+(\.\d+)?", row.printed)
        if row.value is None:
            assert digits is None, row
        elif row.printed == "全覆盖":
            assert row.value == 100
        else:
            assert digits is not None and Decimal(digits[0]) == row.value, row
        assert (row.bound == "ge") == row.printed.startswith("≥"), row


def test_flags_travel_with_the_numbers() -> None:
    natures = {row.indicator_id: row.nature for row in reference.targets()}
    assert {code for code, nature in natures.items() if nature == "indicative"} == {
        "XJ3",
        "XJ4",
        "XJ5",
        "XJ6",
        "LS7",
    }
    assert "binding" not in natures.values()


def test_filters_can_be_read() -> None:
    for row in reference.indicators():
        Filter.read(json.loads(row.filter))


def test_sixteen_remarks_stand_beside_the_numbers_they_are_about() -> None:
    rows = reference.discrepancies()
    assert [row.number for row in rows] == list(range(1, 17))
    beside = {row.number: {code for code, _part in row.targets} for row in rows}
    assert {"LS6", "LS7"} <= beside[1]
    assert {"XJ3", "XJ4", "XJ5", "XJ6"} == beside[6]
    assert {"NM1", "NM2"} == beside[13]
    for row in rows:
        assert {code[:2] for code, _part in row.targets} <= set(row.plans), row.number


@pytest.mark.parametrize(
    ("number", "said", "worked_out"),
    [
        (1, "21%", Decimal(7) / 33),
        (3, "8.8%", Decimal(33) / (Decimal("178.4") * Decimal("0.17")) - 1),
        (3, "31.9%", Decimal(40) / (Decimal("178.4") * Decimal("0.17")) - 1),
        (3, "21.6%", Decimal(40) / 185),
        (6, "24.9%", 1 - Decimal(80) / Decimal("106.5")),
        (6, "21.8%", Decimal(150) / Decimal("123.14") - 1),
        (7, "66.7%", Decimal(500) / 750),
        (8, "20.8%", Decimal("2.5") / 12),
        (11, "20.4%", Decimal(39) / 191),
    ],
)
def test_the_arithmetic_of_the_remarks_is_right(number: int, said: str, worked_out: Decimal) -> None:
    text = next(row.text for row in reference.discrepancies() if row.number == number)
    assert said in text
    places = len(said.rstrip("%").partition(".")[2])
    assert f"{worked_out * 100:.{places}f}%" == said


@pytest.mark.django_db
def test_loading_twice_changes_nothing() -> None:
    make_regions()
    first = services.load_plans()
    assert first["targets"].added == len(reference.targets())
    again = services.load_plans()
    assert {counts.unchanged for counts in again.values()} == {5, 52, len(reference.targets()), 16}
    assert services.plan_differences() == []
    assert Discrepancy.objects.get(number=16).plans.count() == 2
    Target.objects.filter(indicator="XJ2").update(printed="750")
    Indicator.objects.filter(code="XJ2").update(name="别名")
    assert services.plan_differences() == ["XJ2", "XJ2/1"]


def test_the_page_about_indicators_is_what_the_data_say() -> None:
    assert (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8") == handbook.page()
