"""Levels: every word that rosters use, and no guess at the others."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lib.levels import BY_CODE, LEVELS, Level, parse_level
from registry.lib.unreadable import Unreadable

WORDS = {
    1: ["学徒工", "学徒"],
    2: ["5", "5级", "五级", "初级", "初级工", "五级/初级工", "五级 / 初级工"],
    3: ["4", "四级", "中级", "中级工", "四级／中级工"],
    4: [
        "3",
        "3级",
        "３级",
        "三级",
        "高级",
        "高级工",
        "高级技工",
        "三级/高级工",
        "三级（高级工）",
        "高级工(三级)",
        "三级高级工",
        "Ⅲ级",
        "III级",
        "国家职业资格三级",
        "职业技能等级三级",
        "L3",
        " 高级工\u200b",
    ],
    5: ["2", "二级", "技师", "二级/技师"],
    6: ["1", "一级", "高级技师", "一级/高级技师"],
    7: ["特级技师", "特级"],
    8: ["首席技师", "首席"],
}


@pytest.mark.parametrize(("word", "rank"), [(word, rank) for rank, words in WORDS.items() for word in words])
def test_words_of_rosters(word: str, rank: int) -> None:
    assert parse_level(word) == rank


@pytest.mark.parametrize("word", ["", " ", "无", "/", "-", "—", "——", "不分等级"])
def test_no_level_is_not_an_error(word: str) -> None:
    assert parse_level(word) is None


@pytest.mark.parametrize(
    "word", ["6", "0", "33", "八级", "三级/中级工", "高级技师/技师", "1-5级", "优秀", "电工", "高级工三"]
)
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(Unreadable):
        parse_level(word)


def test_rank_rises_while_the_code_falls() -> None:
    assert [level.rank for level in LEVELS] == list(range(1, 9))
    assert [BY_CODE[code].rank for code in "54321"] == [2, 3, 4, 5, 6]
    assert [level.rank for level in LEVELS if level.high_skilled] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("level", LEVELS)
def test_the_printed_name_is_read_back(level: Level) -> None:
    assert parse_level(level.name) == level.rank


@given(st.text(max_size=12))
def test_any_word_is_read_or_refused(word: str) -> None:
    with contextlib.suppress(Unreadable):
        assert parse_level(word) in (None, *range(1, 9))
