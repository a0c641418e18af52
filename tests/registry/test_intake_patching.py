"""Corrected cells laid over the rows of a sheet, before anybody asks what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.registry.harvesting import book, harvest
from tests.sheets import cast
from training.rosters.columns import ROSTER

HEAD = ("序号", "姓名", "身份证号", "人员类别")


def line(who: cast.Person, number: int, category: str | None = None) -> list[str | int | None]:
    return [number, who.name, who.id_number, category]


def under(rows: list[Any], patches: Mapping[str, Mapping[str, str]], **more: Any) -> Any:
    return harvest(ROSTER, book(HEAD, *rows, **more.pop("book", {})), patches=patches, **more)


def test_a_corrected_cell_is_what_the_row_says() -> None:
    spoilt = cast.WANG.numbered(cast.wrong_check(cast.WANG.id_number))
    rows = [line(cast.LINA, 1), line(spoilt, 2)]
    assert under(rows, {}).codes(3) == {"ID_CHECK_DIGIT"}
    assert under(rows, {"3": {"id_number": cast.WANG.id_number}}).bad == []
    # A column that the sheet does not have has no place in it.
    assert under(rows, {"3": {"no_such": "x"}}).bad == [3]


def test_same_as_above_and_merged_cells_follow_a_correction() -> None:
    rows = [line(cast.LINA, 1, "无业游民"), line(cast.WANG, 2, "同上"), line(cast.BATU, 3, None)]
    told = {"2": {"category": "企业职工"}}
    read = under(rows, told, book={"merges": ["D3:D4"]})
    assert read.staged("category") == ["employee"] * 3
    raw = under(rows, told, book={"merges": ["D3:D4"]}, raw=[4])
    assert raw.raw[0][1][3] == "企业职工"
    # One in the middle is corrected by itself.
    alone = under(rows, {**told, "4": {"category": "失业人员"}}, book={"merges": ["D2:D4"]})
    assert len(set(alone.staged("category"))) == 2


def test_a_corrected_row_is_never_swallowed() -> None:
    rows = [line(cast.LINA, 1), ["", "合计", "", ""]]
    assert under(rows, {}).skipped == [(3, "footer")]
    read = under(rows, {"3": {"name": "合计"}})
    assert read.numbers == [2, 3] and read.skipped == []
