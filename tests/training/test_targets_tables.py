"""Plans as spreadsheets: out and in again changes nothing; a wrong condition is refused."""

from __future__ import annotations

from typing import Any

import pytest
from import_export.formats.base_formats import CSV, XLSX

from tests.training.counted import N1, make_regions
from training.targets.models import Allocation, Indicator, Plan, Target
from training.targets.resources import AllocationResource, IndicatorResource, PlanResource, TargetResource
from training.targets.services import load_plans

pytestmark = pytest.mark.django_db

TABLES = [
    (PlanResource, Plan),
    (IndicatorResource, Indicator),
    (TargetResource, Target),
    (AllocationResource, Allocation),
]


@pytest.fixture(autouse=True)
def plans(db: None) -> None:
    make_regions()
    load_plans()
    Allocation.objects.create(indicator_id="XJ2", region_id=N1, value=100)
    Allocation.objects.create(indicator_id="XJ2", region_id=N1, year=2024, value=20)


@pytest.mark.parametrize("form", [CSV, XLSX])
@pytest.mark.parametrize(("resource", "model"), TABLES, ids=lambda value: value.__name__)
def test_out_and_in_again_changes_nothing(resource: Any, model: Any, form: Any) -> None:
    before = list(model.objects.order_by("pk").values())
    sheet = form().create_dataset(form().export_data(resource().export()))
    result = resource().import_data(sheet)
    assert (result.base_errors, result.row_errors(), result.invalid_rows) == ([], [], [])
    assert result.totals["skip"] == len(before) > 0
    assert list(model.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("condition", ['{"funding"', '{"colour": ["red"]}', "[1]", '{"min_rank": "high"}'])
def test_a_condition_that_cannot_be_counted_is_refused(condition: str) -> None:
    sheet = IndicatorResource().export(Indicator.objects.filter(code="XJ2"))
    row = dict(zip(sheet.headers, sheet[0], strict=True)) | {"口径条件": condition}
    sheet.wipe()
    sheet.headers, sheet.append = list(row), sheet.append
    sheet.append(list(row.values()))
    result = IndicatorResource().import_data(sheet)
    assert result.has_validation_errors() or result.has_errors()
    assert Indicator.objects.get(code="XJ2").filter == {}
