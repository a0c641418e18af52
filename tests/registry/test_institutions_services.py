"""Institutions: registered as a set, found by any of their names, filed for what they may do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from registry.audit.models import Action
from registry.institutions import queries, services
from registry.institutions.models import Filing, Institution, InstitutionAlias
from registry.lib.scope import Scope
from registry.lib.text import org_key
from registry.occupations.models import Occupation
from tests.loaded import loaded, reference

__all__ = ["loaded", "reference"]

pytestmark = pytest.mark.usefixtures("reference")

DAY = dt.date(2024, 5, 1)


# Published codes whose two check digits are right.
CODES = ["91350100M000100Y43", "11450700552294158A"]


def make(*names: str, region: str = "653222") -> list[Institution]:
    return services.register([services.NewInstitution(name, region) for name in names], actor=None)


def occupation(name: str) -> int:
    return Occupation.objects.get(name=name).pk


def test_a_set_is_registered_as_one_action() -> None:
    made = make("甲职业培训学校", "乙职业培训学校", "丙技工学校")
    action = Action.objects.latest("id")
    assert (action.code, action.n) == ("institutions.register", 3)
    assert action.after == {"ids": [institution.pk for institution in made]}


def test_all_faults_are_told_by_row_and_nothing_is_written() -> None:
    code = CODES[0]
    services.register(
        [services.NewInstitution("已有学校", "653222", credit_code=code, aliases=["老校"])], actor=None
    )
    rows = [
        services.NewInstitution("新校", "653222"),
        services.NewInstitution("已有 学校", "653222"),
        services.NewInstitution("老校", "653222"),
        services.NewInstitution("别校", "653222", credit_code=code),
        services.NewInstitution("又校", "653222", credit_code=code[:-1] + ("A" if code[-1] != "A" else "B")),
        services.NewInstitution("新校", "653222"),
        services.NewInstitution(" 、 ", "653222"),
    ]
    with pytest.raises(ValidationError) as caught:
        services.register(rows, actor=None)
    said = caught.value.messages
    assert [message.split("：")[0] for message in said] == [f"第{n}行" for n in range(2, 8)]
    for message, expected in zip(
        said, ["同名", "别名", "已被登记", "校验码", "重复", "不能为空"], strict=True
    ):
        assert expected in message
    assert Institution.objects.count() == 1


def test_names_aliases_and_codes_lead_to_the_institution() -> None:
    code = CODES[1]
    one, other = services.register(
        [
            services.NewInstitution("启航职业培训学校（墨玉）", "653222", credit_code=code, aliases=["启航"]),
            services.NewInstitution("启航职业培训学校（墨玉）分校", "653222", active=False),
        ],
        actor=None,
    )
    assert queries.resolve_names(
        ["启航职业培训学校(墨玉)", " 启航 ", code.lower(), "启航职业培训学校（墨玉）分校", "启航学校", ""]
    ) == {
        "启航职业培训学校(墨玉)": one.pk,
        " 启航 ": one.pk,
        code.lower(): one.pk,
        "启航职业培训学校（墨玉）分校": other.pk,
    }


def test_many_names_take_two_queries(django_assert_num_queries: Any) -> None:
    make("甲校")
    with django_assert_num_queries(2):
        assert len(services.resolve_names(["甲校", *(f"校{n}" for n in range(500))])) == 1


def test_an_alias_mapped_by_hand_may_be_mapped_again() -> None:
    one, other = make("甲校", "乙校")
    services.add_aliases({"老学校": one.pk}, actor=None)
    services.add_aliases({"老 学校": other.pk}, actor=None, reason="写错")
    assert queries.resolve_names(["老学校"]) == {"老学校": other.pk}
    assert Action.objects.latest("id").reason == "写错"


def test_the_key_follows_the_name_whoever_saves() -> None:
    institution = Institution.objects.create(name="旧 名", region_id="653222")
    institution.name = "新（名）"
    institution.save(update_fields=["name"])
    institution.refresh_from_db()
    assert institution.name_key == org_key("新(名)")
    with pytest.raises(IntegrityError), transaction.atomic():
        Institution.objects.create(name="新(名)", region_id="653222")
    with pytest.raises(ValidationError, match="统一社会信用代码应为18位"):
        Institution(name="某校", region_id="653222", credit_code="9165").full_clean()


def test_filings_cover_their_occupation_level_and_days() -> None:
    one, other = make("甲校", "乙校")
    welder, baker = occupation("焊工"), occupation("馕制作")
    services.file_scope(
        [
            services.NewFiling(one.pk, welder, dt.date(2024, 1, 1), dt.date(2024, 12, 31), level=3),
            services.NewFiling(one.pk, welder, dt.date(2024, 1, 1), level=4, purpose="assess"),
            services.NewFiling(other.pk, baker, dt.date(2024, 1, 1)),
        ],
        actor=None,
    )
    cases: list[tuple[int, int, int | None, dt.date, str, bool]] = [
        (one.pk, welder, 3, DAY, "train", True),
        (one.pk, welder, 4, DAY, "train", False),
        (one.pk, welder, 4, DAY, "assess", True),
        (one.pk, welder, None, DAY, "train", True),
        (one.pk, welder, 3, dt.date(2024, 1, 1), "train", True),
        (one.pk, welder, 3, dt.date(2024, 12, 31), "train", True),
        (one.pk, welder, 3, dt.date(2025, 1, 1), "train", False),
        (one.pk, welder, 3, dt.date(2023, 12, 31), "train", False),
        (one.pk, baker, None, DAY, "train", False),
        (other.pk, baker, None, DAY, "train", True),
        (other.pk, baker, 6, dt.date(2030, 1, 1), "train", True),
    ]
    for institution, trade, level, on, purpose, expected in cases:
        assert queries.covers(institution, trade, level, on, purpose) is expected
        with connection.cursor() as cursor:
            condition = queries.covers_sql("r.i", "r.o", "r.l", "r.d", purpose)
            cursor.execute(
                f"SELECT {condition} FROM (SELECT %s::bigint i, %s::bigint o, %s::smallint l, %s::date d) r",
                [institution, trade, level, on],
            )
            assert cursor.fetchone() == (expected,)


def test_filing_again_extends_and_doubles_nothing() -> None:
    [institution] = make("甲校")
    line = services.NewFiling(institution.pk, occupation("焊工"), dt.date(2024, 1, 1), document_no="1号")
    services.file_scope([line, line], actor=None)
    until = dt.date(2027, 1, 1)
    services.file_scope(
        [services.NewFiling(institution.pk, occupation("焊工"), dt.date(2024, 1, 1), until)], actor=None
    )
    filing = Filing.objects.get(institution=institution)
    assert filing.valid_to == until
    with pytest.raises(IntegrityError), transaction.atomic():
        services.file_scope(
            [services.NewFiling(institution.pk, occupation("电工"), until, dt.date(2020, 1, 1))], actor=None
        )


def test_every_reader_sees_their_own_institutions() -> None:
    here, there = make("甲校") + make("乙校", region="650102")
    Institution.objects.filter(pk=there.pk).update(active=False)
    services.file_scope([services.NewFiling(there.pk, occupation("焊工"), DAY)], actor=None)

    def seen(scope: Scope) -> list[str]:
        return [institution.name for institution in queries.institutions(scope)]

    assert seen(Scope.all()) == ["乙校", "甲校"]
    assert seen(Scope.region("653200")) == ["甲校"]
    assert seen(Scope.region("650000")) == ["乙校", "甲校"]
    assert seen(Scope.institution(there.pk)) == ["乙校"]
    assert seen(Scope.none()) == []
    assert queries.institution(Scope.region("653200"), there.pk) is None
    assert not queries.filings(Scope.institution(here.pk), there.pk).exists()
    assert queries.filings(Scope.institution(there.pk), there.pk, on=DAY).count() == 1
    assert queries.places(Scope.region("653200")) == [("653200", "和田地区"), ("653222", "　墨玉县")]


def test_the_list_is_narrowed_by_text_place_kind_and_standing() -> None:
    one, other = make("启航学校") + make("晨光技校", region="653223")
    Institution.objects.filter(pk=other.pk).update(kind="technical", active=False)
    InstitutionAlias.objects.create(name="曙光", institution=other)
    everything = Scope.all()
    assert list(queries.institutions(everything, text="启 航")) == [one]
    assert list(queries.institutions(everything, text="曙光")) == [other]
    assert list(queries.institutions(everything, region="653223")) == [other]
    assert list(queries.institutions(everything, kind="school")) == [one]
    assert list(queries.institutions(everything, active=False)) == [other]
