"""Reference tables as spreadsheets: out and in again changes nothing; a wrong row is named by number."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.urls import reverse
from import_export.formats.base_formats import CSV, XLSX
from tablib import Dataset

from registry.accounts.models import Role, User
from registry.audit.models import Action
from registry.institutions import services
from registry.institutions.models import Filing, Institution, InstitutionAlias
from registry.institutions.resources import FilingResource, InstitutionResource
from registry.lib.xlsx import is_like_formula
from registry.occupations.models import Occupation, SkillLevel
from registry.occupations.resources import OccupationResource, SkillLevelResource
from registry.regions.models import Region, RegionClosure
from registry.regions.resources import RegionResource
from tests.loaded import loaded, reference
from tests.registry.places import make_user
from tests.signing import sign_in
from training.catalogue.models import Project
from training.catalogue.resources import ProjectResource

__all__ = ["loaded", "reference"]

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture(autouse=True)
def schools(reference: None) -> None:
    """Two institutions with what makes spreadsheets go wrong: brackets, aliases, a name like a formula."""
    one, other = services.register(
        [
            services.NewInstitution(
                "启航职业培训学校（墨玉）",
                "653222",
                credit_code="91350100M000100Y43",
                aliases=["启航", "老启航"],
            ),
            services.NewInstitution("=1+1技工学校", "653228", kind="technical", licence_no="0012300"),
        ],
        actor=None,
    )
    trades = dict(Occupation.objects.filter(name__in=["焊工", "馕制作"]).values_list("name", "id"))
    day = dt.date(2024, 1, 1)
    services.file_scope(
        [
            services.NewFiling(one.pk, trades["焊工"], day, level=4, document_no="墨人社〔2024〕1号"),
            services.NewFiling(one.pk, trades["馕制作"], day, dt.date(2026, 12, 31)),
            services.NewFiling(other.pk, trades["焊工"], day, purpose="assess"),
        ],
        actor=None,
    )


def all_rows(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._default_manager.all()


TABLES: list[tuple[Any, Callable[[], models.QuerySet[Any]]]] = [
    (RegionResource, lambda: Region.objects.filter(code__startswith="6529")),
    (OccupationResource, lambda: Occupation.objects.filter(group__in=["建筑装饰", "专项职业能力"])),
    (SkillLevelResource, lambda: all_rows(SkillLevel)),
    (InstitutionResource, lambda: all_rows(Institution)),
    (FilingResource, lambda: all_rows(Filing)),
    (ProjectResource, lambda: all_rows(Project)),
]


def through_a_file(dataset: Dataset, form: type[CSV] | type[XLSX]) -> Dataset:
    return form().create_dataset(form().export_data(dataset))


@pytest.mark.parametrize("form", [CSV, XLSX])
@pytest.mark.parametrize(("resource", "rows"), TABLES, ids=lambda value: getattr(value, "__name__", ""))
def test_out_and_in_again_changes_nothing(
    resource: Any, rows: Callable[[], models.QuerySet[Any]], form: type[CSV] | type[XLSX]
) -> None:
    before = list(rows().order_by("pk").values())
    actions = Action.objects.count()
    sheet = through_a_file(resource().export(rows()), form)
    assert len(sheet) == len(before) > 0
    result = resource().import_data(sheet)
    assert (result.base_errors, result.row_errors(), result.invalid_rows) == ([], [], [])
    assert result.totals["skip"] == len(before)
    assert list(rows().order_by("pk").values()) == before
    assert Action.objects.count() == actions


@pytest.mark.parametrize("form", [CSV, XLSX])
def test_an_emptied_table_comes_back_from_its_file(form: type[CSV] | type[XLSX]) -> None:
    institutions = through_a_file(InstitutionResource().export(), form)
    filings = through_a_file(FilingResource().export(), form)
    aliases = set(InstitutionAlias.objects.values_list("name", flat=True))
    Institution.objects.all().delete()
    assert not Filing.objects.exists()
    assert not InstitutionResource().import_data(institutions).has_errors()
    assert not FilingResource().import_data(filings).has_errors()
    assert through_a_file(InstitutionResource().export(), form).dict == institutions.dict
    assert through_a_file(FilingResource().export(), form).dict == filings.dict
    assert set(InstitutionAlias.objects.values_list("name", flat=True)) == aliases


HOSTILE = ["=1+1", "+1", "-1", "@SUM(1)", "＝1", "＋1", "－1", "＠1", "|cmd", "'=1", "''@1"]


@pytest.mark.parametrize("form", [CSV, XLSX])
def test_what_looks_like_a_formula_leaves_as_text_and_comes_back(form: type[CSV] | type[XLSX]) -> None:
    for n, text in enumerate(HOSTILE):
        Institution.objects.create(name=f"{text}学校{n}", region_id="653222")
    data = form().export_data(InstitutionResource().export())
    if form is XLSX:
        cells = [cell for row in openpyxl.load_workbook(io.BytesIO(data)).active for cell in row]
        assert "f" not in {cell.data_type for cell in cells}
        assert not any(is_like_formula(str(cell.value)) and str(cell.value)[0] != "'" for cell in cells)
    else:
        cells = [cell for row in csv.reader(io.StringIO(data)) for cell in row]
        assert not any(is_like_formula(cell) and cell[0] != "'" for cell in cells)
    result = InstitutionResource().import_data(form().create_dataset(data))
    assert set(result.totals.values()) == {0, len(HOSTILE) + 2} and not result.has_validation_errors()


@pytest.mark.parametrize(("form", "title"), [(0, "xlsx"), (1, "csv")])
def test_that_a_table_left_is_recorded(office: Client, form: int, title: str) -> None:
    page = reverse("admin:registry_institution_export")
    fields = {f"institutionresource_{name}": "on" for name in InstitutionResource().get_export_order()}
    answer = office.post(page, {"format": form, "resource": "0", **fields})
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")
    action = Action.objects.get(code="institutions.export")
    assert (action.n, action.after, action.actor) == (2, {"format": title}, "keeper姓名")


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (RegionResource, {"上级区划代码": "123456"}, "没有行政区划“123456”"),
    (RegionResource, {"级别": "区级"}, "不在可选范围内"),
    (RegionResource, {"停用日期": "1900-01-01"}, "停用日期不能早于启用日期"),
    (RegionResource, {"启用日期": "去年"}, "“去年”不是日期，应形如 2026-01-31"),
    (OccupationResource, {"职业编码": "6-18-2-4"}, "应形如 6-18-02-04"),
    (OccupationResource, {"绿色职业": "也许"}, "应为“是”或“否”"),
    (SkillLevelResource, {"位次": "第四"}, "“第四”不是整数"),
    (InstitutionResource, {"统一社会信用代码": "91350100M000100Y44"}, "校验码"),
    (InstitutionResource, {"区划代码": ""}, "“区划代码”不能为空"),
    (FilingResource, {"机构名称": "没有的学校"}, "没有培训评价机构"),
    (FilingResource, {"职业编码": "9-99"}, "没有职业“9-99"),
    (FilingResource, {"等级": "九级"}, "没有技能等级“九级”"),
    (FilingResource, {"备案截止日期": "2001-01-01"}, "备案截止日期不能早于生效日期"),
    (ProjectResource, {"培训类型": "旅游"}, "不在可选范围内：就业技能培训"),
    (ProjectResource, {"项目编码": "DEMO-NEW", "版次": "0"}, "版次从1开始"),
]


# A sound change of the row before, which must not be written either.
CHANGE: dict[Any, dict[str, Any]] = {
    RegionResource: {"名称": "改了"},
    OccupationResource: {"大类": "改了"},
    SkillLevelResource: {"等级代码": "T"},
    InstitutionResource: {"地址": "改了"},
    FilingResource: {"备案文号": "改了"},
    ProjectResource: {"说明": "改了"},
}


@pytest.mark.parametrize(("resource", "change", "message"), WRONG)
def test_a_wrong_row_is_named_by_its_number_and_the_file_changes_nothing(
    resource: Any, change: dict[str, Any], message: str
) -> None:
    rows = dict(TABLES)[resource]
    before = list(rows().order_by("pk").values())
    sheet = resource().export(rows())
    first = dict(zip(sheet.headers, sheet[0], strict=True)) | CHANGE[resource]
    wrong = dict(zip(sheet.headers, sheet[1], strict=True)) | change
    mixed = Dataset(headers=sheet.headers)
    mixed.append(list(first.values()))
    mixed.append(list(wrong.values()))
    result = resource().import_data(mixed)
    assert [row.number for row in result.invalid_rows] == [2]
    assert result.row_errors() == []
    assert re.search(message, str(result.invalid_rows[0].error))
    assert list(rows().order_by("pk").values()) == before


def test_a_file_without_its_key_columns_says_which() -> None:
    result = RegionResource().import_data(Dataset(["民丰县"], headers=["名称"]))
    assert "缺少列：行政区划代码" in str(result.base_errors[0].error)


def test_a_renamed_division_is_carried_to_everything_below_and_is_one_action() -> None:
    sheet = RegionResource().export(Region.objects.filter(code="653227"))
    row = dict(zip(sheet.headers, sheet[0], strict=True)) | {"名称": "新民丰县", "上级区划代码": "653100"}
    new = {**dict.fromkeys(sheet.headers, ""), "行政区划代码": "653231", "名称": "某县", "级别": "县级"}
    new |= {"上级区划代码": "653200"}
    user = User.objects.create(username="sys")
    changes = Dataset(list(row.values()), list(new.values()), headers=sheet.headers)
    assert not RegionResource().import_data(changes, user=user).has_validation_errors()
    town = Region.objects.filter(parent="653227").first()
    assert town is not None
    assert town.full_name.startswith("新疆维吾尔自治区喀什地区新民丰县")
    assert RegionClosure.objects.filter(ancestor="653200", descendant="653231").exists()
    action = Action.objects.latest("id")
    assert (action.code, action.n, action.actor_id) == ("regions.import", 2, user.pk)
    assert action.after == {"new": 1, "update": 1}


def test_numbers_and_dates_of_a_real_workbook_are_taken_as_they_come() -> None:
    row = [653231.0, "某县", 3, 653200, dt.datetime(2026, 1, 1), None, None]
    result = RegionResource().import_data(Dataset(row, headers=RegionResource().export().headers))
    assert not result.has_validation_errors()
    made = Region.objects.get(code="653231")
    assert (made.level, made.parent_id, made.valid_from) == (3, "653200", dt.date(2026, 1, 1))


# --- the same through the back office --------------------------------------------------------------


@pytest.fixture
def office(reference: None) -> Client:
    """Somebody who may keep reference tables."""
    user = make_user("keeper", Role.SYS)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    sign_in(client, user)
    return client


def upload(client: Client, name: str, dataset: Dataset) -> Any:
    formats = {"format": "1", "resource": ""}
    file = SimpleUploadedFile("表.csv", dataset.csv.encode("utf-8-sig"), content_type="text/csv")
    return client.post(reverse(f"admin:{name}_import"), {"import_file": file, **formats})


def test_the_back_office_previews_then_imports(office: Client) -> None:
    sheet = ProjectResource().export(Project.objects.filter(code="DEMO-JY-02"))
    row = dict(zip(sheet.headers, sheet[0], strict=True)) | {"说明": "改过的说明"}
    preview = upload(office, "training_project", Dataset(list(row.values()), headers=sheet.headers))
    assert preview.status_code == 200
    assert "改过" in preview.content.decode()
    confirm = preview.context["confirm_form"]
    done = office.post(reverse("admin:training_project_process_import"), confirm.initial, follow=True)
    assert done.status_code == 200
    assert Project.objects.get(code="DEMO-JY-02").note == "改过的说明"
    assert Action.objects.filter(code="catalogue.import", n=1).exists()


def test_the_back_office_shows_the_wrong_row(office: Client) -> None:
    sheet = ProjectResource().export(Project.objects.filter(code="DEMO-JY-02"))
    row = dict(zip(sheet.headers, sheet[0], strict=True)) | {"生效日期": "某天"}
    page = upload(office, "training_project", Dataset(list(row.values()), headers=sheet.headers))
    assert page.context["result"].invalid_rows[0].number == 1
    assert "不是日期，应形如" in page.content.decode()
    assert "confirm_form" not in page.context


EDITED = """
    registry_region registry_occupation registry_occupationalias registry_skilllevel registry_institution
    registry_filing training_project training_agelimit training_threshold
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", EDITED)
def test_every_table_has_its_pages(office: Client, name: str) -> None:
    assert office.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert office.get(reverse(f"admin:{name}_add")).status_code == 200


def test_a_change_by_hand_is_an_action_and_keeps_the_closure(office: Client) -> None:
    page = reverse("admin:registry_region_change", args=["653227"])
    form = {
        "code": "653227", "name": "民丰县", "level": "3", "parent": "653100", "valid_from": "1949-10-01",
        "valid_to": "", "successor": "",
    }  # fmt: skip
    answer = office.post(page, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert RegionClosure.objects.filter(ancestor="653100", descendant="653227").exists()
    action = Action.objects.latest("id")
    assert (action.code, action.subject_id, action.after) == (
        "regions.change",
        "653227",
        {"columns": ["parent"]},
    )
