"""Plans held in memory: read once, and never a moment older than the tables."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from tests.training.counted import make_regions
from training.targets import edition, services
from training.targets.models import Discrepancy, Edition, Indicator, Plan, Target


@pytest.fixture
def plans(db: None) -> None:
    make_regions()
    services.load_plans()


def _names() -> list[str]:
    return [one.name for one in edition.indicators(edition.plans()[0])]


def test_plans_are_read_once(plans: None, django_assert_num_queries: Any) -> None:
    edition.plans()
    with django_assert_num_queries(1):
        targets = [
            target
            for plan in edition.plans()
            for one in edition.indicators(plan)
            for target in one.targets.all()
        ]
        assert any(target.discrepancies.all() for target in targets)


def test_a_plan_that_was_read_by_itself_is_completed(plans: None) -> None:
    alone = edition.indicators(Plan.objects.get(pk="XJ"))
    held = next(plan for plan in edition.plans() if plan.pk == "XJ")
    assert [one.code for one in alone] == [one.code for one in edition.indicators(held)]


@pytest.mark.parametrize("model", [Plan, Indicator, Target, Discrepancy])
def test_every_table_changes_the_mark(plans: None, model: Any) -> None:
    before = Edition.objects.get().mark
    model.objects.update(
        **{"printed" if model is Target else "title" if model is Discrepancy else "name": "新"}
    )
    assert Edition.objects.get().mark != before


def test_a_change_shows_at_once(plans: None) -> None:
    edition.plans()
    Indicator.objects.filter(pk="XJ2").update(name="改了名的指标")
    assert "改了名的指标" in _names()


def test_a_change_that_was_taken_back_is_forgotten(plans: None) -> None:
    before = _names()
    with transaction.atomic():
        Indicator.objects.update(name="没有发生")
        assert set(_names()) == {"没有发生"}
        transaction.set_rollback(True)
    assert _names() == before
    with transaction.atomic():
        Indicator.objects.update(name="发生了")
    assert set(_names()) == {"发生了"}


def test_without_a_mark_nothing_is_held(plans: None, django_assert_num_queries: Any) -> None:
    edition.plans()
    Edition.objects.all().delete()
    for _again in range(2):
        with django_assert_num_queries(6):
            edition.plans()
