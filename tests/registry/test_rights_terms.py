"""Terms: working days, and the row that is in force."""

from __future__ import annotations

import datetime as dt

import pytest

from registry.rights import terms
from registry.rights.models import Term

FRIDAY = dt.date(2026, 3, 6)


@pytest.mark.parametrize(
    ("days", "last"), [(1, dt.date(2026, 3, 9)), (5, dt.date(2026, 3, 13)), (15, dt.date(2026, 3, 27))]
)
def test_weekends_do_not_count(days: int, last: dt.date) -> None:
    assert terms.after_workdays(FRIDAY, days) == last


@pytest.mark.django_db
def test_the_row_of_the_day_holds_and_a_missing_one_is_said() -> None:
    with pytest.raises(terms.NoTerm):
        terms.due("correction", FRIDAY)
    Term.objects.create(code="correction", days=15, valid_from=dt.date(2021, 11, 1), valid_to=FRIDAY)
    Term.objects.create(code="correction", days=7, unit="day", valid_from=FRIDAY + dt.timedelta(days=1))
    assert terms.due("correction", FRIDAY) == dt.date(2026, 3, 27)
    assert terms.due("correction", FRIDAY + dt.timedelta(days=1)) == dt.date(2026, 3, 14)


@pytest.mark.django_db
def test_defaults_are_added_once_and_never_over_what_somebody_changed() -> None:
    terms.load()
    Term.objects.filter(code="correction").update(days=10)
    assert terms.load()["terms"].added == 0
    assert Term.objects.get(code="correction").days == 10
    assert terms.differences() == []
