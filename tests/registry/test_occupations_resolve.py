"""From what a roster says to the occupation it means; what cannot be told is not guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.audit.models import Action
from registry.institutions.models import Institution
from registry.occupations import queries, services
from registry.occupations.models import Occupation, OccupationAlias, SkillLevel
from registry.occupations.wording import occupation_key, readings
from tests.loaded import loaded, reference

__all__ = ["loaded", "reference"]

LEVELS = ["初级", "中级工", "高级技师", "三级", "5级", "技师"]


def name_of(text: str, institution_id: int | None = None) -> str | None:
    found = queries.resolve([text], institution_id).get(text)
    return None if found is None else Occupation.objects.get(pk=found).name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("焊工", "焊工"),
        (" 焊 工 ", "焊工"),
        ("三级养老护理员", "养老护理员"),
        ("养老护理员（高级工）", "养老护理员"),
        ("养老护理 培训班", "养老护理员"),
        ("电工(三级/高级工)", "电工"),
        ("6-18-02-04", "焊工"),
        ("6-18-02-04 焊工", "焊工"),
        ("６－１８－０２－０４", "焊工"),
        ("焊工3级", "焊工"),
        ("就业技能培训-焊工", "焊工"),
        ("中式烹调技师", "中式烹调师"),
        ("缝纫", "缝纫工"),
        ("专项职业能力（馕制作）", "馕制作"),
        ("ZX-0001", "馕制作"),
        ("互联网营销师(直播销售员)", "互联网营销师"),
        ("保育员", "保育师"),
        ("蔬菜园艺工", "园艺工"),
    ],
)
def test_wordings_lead_to_their_occupation(reference: None, text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("不存在的工种", "no such name"),
        ("电工、焊工", "two at once"),
        ("甘油制造工", "two occupations of the dictionary share the name"),
        ("6-18-02-04 电工", "code and name disagree"),
        ("培训", "nothing is left"),
        ("（）", "no character"),
        ("", "empty"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(reference: None, text: str, why: str) -> None:
    assert name_of(text) is None, why


def test_a_thousand_wordings_take_two_queries(reference: None, django_assert_num_queries: Any) -> None:
    texts = [f"{level}{name}" for name in ("焊工", "电工", "馕制作") for level in LEVELS] + [
        f"没有{n}" for n in range(1000)
    ]
    with django_assert_num_queries(2):
        assert len(queries.resolve(texts)) == 3 * len(LEVELS)


def test_a_provider_mapping_goes_before_the_dictionary_and_stays_with_the_provider(reference: None) -> None:
    one, other = (Institution.objects.create(name=name, region_id="653222") for name in ("甲校", "乙校"))
    cook = Occupation.objects.get(code="4-03-02-01")
    welder = Occupation.objects.get(code="6-18-02-04")
    assert services.remember({"焊工": cook.pk, "掌勺": cook.pk}, actor=None, institution_id=one.pk) == 2
    assert name_of("焊工", one.pk) == "中式烹调师"
    assert name_of("掌勺（初级）", one.pk) == "中式烹调师"
    assert name_of("焊工", other.pk) == "焊工"
    assert name_of("掌勺", other.pk) is None
    services.remember({"掌勺": welder.pk}, actor=None)
    assert name_of("掌勺", other.pk) == "焊工"
    assert name_of("掌勺", one.pk) == "中式烹调师"
    action = Action.objects.filter(code="occupations.remember").latest("id")
    assert (action.n, action.subject_type) == (1, "occupation")


def test_a_later_answer_replaces_an_earlier_one(reference: None) -> None:
    first, second = Occupation.objects.order_by("code")[:2]
    services.remember({"某 工种": first.pk}, actor=None)
    services.remember({"某工种": second.pk, "！": first.pk}, actor=None)
    alias = OccupationAlias.objects.get(name_key="某工种")
    assert alias.occupation == second


def test_a_closed_occupation_is_no_longer_met(reference: None) -> None:
    Occupation.objects.filter(code="6-18-02-04").update(active=False)
    assert name_of("焊工") is None
    services.load_reference()
    assert not Occupation.objects.get(code="6-18-02-04").active


def test_the_dictionary_and_the_levels_are_whole(reference: None) -> None:
    assert Occupation.objects.filter(edition="2022").count() == 1633
    assert Occupation.objects.filter(edition="local", kind="special").count() == 40
    assert Occupation.objects.filter(edition="2022").exclude(group="").count() == 176
    assert Occupation.objects.filter(green=True).count() == 134
    assert "家政康养" in queries.groups()
    assert queries.search("焊工")[0].code == "6-18-02-04"


def test_levels_sort_by_rank_and_not_by_their_backward_code(reference: None) -> None:
    levels = list(SkillLevel.objects.all())
    assert [level.short_name for level in levels] == [
        "学徒工", "初级工", "中级工", "高级工", "技师", "高级技师", "特级技师", "首席技师",
    ]  # fmt: skip
    assert [level.code for level in levels] == [None, "5", "4", "3", "2", "1", None, None]
    assert [level.rank for level in levels if level.high_skilled] == [4, 5, 6, 7, 8]
    assert levels[3].name == "三级/高级工"


def test_a_letter_filled_in_for_a_top_grade_outlives_a_load(reference: None) -> None:
    SkillLevel.objects.filter(rank=7).update(code="T")
    services.load_reference()
    assert SkillLevel.objects.get(rank=7).code == "T"
    assert services.differences() == []


@given(st.text(max_size=40))
def test_a_key_is_stable_and_readings_always_end(text: str) -> None:
    key = occupation_key(text)
    assert occupation_key(key) == key
    assert len(list(readings(text))) < 500


@given(
    st.sampled_from(["焊工", "养老护理员", "中式面点师", "砌筑工", "馕制作"]),
    st.sampled_from(["", *LEVELS]),
    st.sampled_from(["", "培训", "（初级工）", "(三级/高级工)", " 培训班", "工种"]),
)
def test_level_and_course_words_around_a_name_leave_it_among_the_readings(
    name: str, level: str, course: str
) -> None:
    assert name in readings(f"{level}{name}{course}")
