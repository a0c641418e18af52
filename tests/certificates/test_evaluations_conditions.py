"""Which facts open which shipped path, at the border and one short of it."""

from __future__ import annotations

from datetime import date

import pytest

from certificates.evaluations.conditions import Demands, Facts, missing_evidence, shortfalls, years_between
from certificates.evaluations.defaults import paths

OPEN = {
    "5-1": Facts(age=16),
    "4-1": Facts(age=22, work_years=5),
    "4-2": Facts(held=((2, 3),)),
    "4-3": Facts(age=18, diploma="vocational"),
    "3-1": Facts(work_years=10),
    "3-2": Facts(held=((3, 4),)),
    "3-3": Facts(title="junior", title_years=1),
    "3-4": Facts(diploma="senior_technical"),
    "3-5": Facts(held=((3, 0),), diploma="college"),
    "2-1": Facts(held=((4, 5),)),
    "2-2": Facts(held=((4, 2),), diploma="senior_technical"),
    "2-3": Facts(title="senior", title_years=1),
    "1-1": Facts(held=((5, 5),)),
    "1-2": Facts(title="senior", title_years=1),
    "T-1": Facts(held=((6, 0),), appointed=True),
    "S-1": Facts(held=((7, 0),), appointed=True),
}
SHORT = {
    "5-1": Facts(age=15),
    "4-1": Facts(age=22, work_years=4.9),
    "4-2": Facts(held=((2, 2), (1, 9))),
    "4-3": Facts(age=15, diploma="vocational"),
    "3-1": Facts(work_years=9),
    "3-2": Facts(held=((2, 9), (3, 3))),
    "3-3": Facts(title="junior"),
    "3-4": Facts(diploma="bachelor"),
    "3-5": Facts(held=((3, 9),)),
    "2-1": Facts(held=((3, 20), (4, 4))),
    "2-2": Facts(held=((4, 1),), diploma="senior_technical"),
    "2-3": Facts(title="junior", title_years=9),
    "1-1": Facts(held=((5, 4),)),
    "1-2": Facts(title="intermediate", title_years=9),
    "T-1": Facts(held=((6, 9),)),
    "S-1": Facts(held=((6, 9),), appointed=True),
}


@pytest.mark.parametrize("path", paths(), ids=lambda path: path["code"])
def test_a_path_is_open_at_its_border_and_shut_one_short_of_it(path: dict[str, object]) -> None:
    code, demands = str(path["code"]), Demands.read(path["demands"])  # type: ignore[arg-type]
    assert shortfalls(demands, OPEN[code]) == []
    assert len(shortfalls(demands, SHORT[code])) == 1
    assert shortfalls(demands, Facts()) != []
    kept = Facts.from_json(SHORT[code].as_json(), SHORT[code].age)
    assert kept == SHORT[code]


def test_what_no_rule_knows_is_no_demand() -> None:
    for wrong in ({"height": 170}, {"title": "professor"}, {"diplomas": ["kindergarten"]}):
        with pytest.raises(ValueError, match="no such"):
            Demands.read(wrong)


def test_years_are_completed_and_papers_are_told() -> None:
    assert years_between(date(2008, 3, 15), date(2024, 3, 14)) == 15
    assert years_between(date(2008, 3, 14), date(2024, 3, 14)) == 16
    assert years_between(date(2024, 2, 29), date(2025, 2, 28)) == 0
    assert missing_evidence(["work"], ["id", "work"]) == ["form"]
