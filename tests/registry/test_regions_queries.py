"""Questions about divisions: who is above, who is below, what is it called, is it still in force."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from registry.regions import queries
from registry.regions.models import Region
from tests.loaded import loaded, reference

__all__ = ["loaded", "reference"]

pytestmark = pytest.mark.usefixtures("reference")


def test_ancestors_go_from_the_province_down() -> None:
    assert [r.code for r in queries.ancestors("653228")] == ["650000", "653200", "653228"]
    assert [r.code for r in queries.ancestors("659001")] == ["650000", "659001"]
    assert queries.ancestors("999999") == []


def test_subtree_leaves_abolished_ones_out_unless_asked() -> None:
    assert queries.subtree("652900", level=3).filter(code="652923").count() == 0
    assert queries.subtree("652900", level=3, abolished=True).filter(code="652923").count() == 1
    assert queries.subtree("653200").first() == Region.objects.get(code="653200")
    assert "652923" in queries.subtree_codes("650000")


def test_children_of_nothing_are_the_provinces() -> None:
    assert queries.children(None).count() == 34
    assert queries.children("650000").count() == 26


def test_every_leaf_has_a_prefecture() -> None:
    leaves = ["653228", "659001", "110101", "653222101", "650000"]
    assert queries.ancestor_at(leaves, 2) == {
        "653228": "653200",
        "659001": "659001",
        "110101": "110101",
        "653222101": "653200",
        "650000": "650000",
    }
    assert queries.ancestor_at(leaves, 1)["659001"] == "650000"
    assert queries.ancestor_at(["999999"], 1) == {}


def test_search_finds_by_code_name_and_several_words() -> None:
    assert [r.code for r in queries.search("653228")][:1] == ["653228"]
    assert queries.search("和康")[0].code == "653228"
    assert {r.code for r in queries.search("和田 墨玉", level=3)} == {"653222"}
    assert queries.search("库车县") == []
    assert queries.search("库车县", abolished=True)[0].code == "652923"
    assert queries.search("   ") == []
    assert len(queries.search("65", limit=7)) == 7
    assert {r.code[:2] for r in queries.search("城", within="620000")} == {"62"}


def test_codes_off_the_list_are_told_apart() -> None:
    assert queries.unlisted(["650102", "510922", "999999", ""]) == {
        "510922": "abolished",
        "999999": "unknown",
    }
    assert queries.unlisted(["652923"], on=dt.date(2015, 1, 1)) == {}
    assert queries.unlisted(["652902"], on=dt.date(2015, 1, 1)) == {"652902": "not_yet"}


def test_names_come_from_memory(django_assert_num_queries: Any) -> None:
    assert queries.names(["653228"]) == {"653228": "和康县"}
    with django_assert_num_queries(0):
        assert queries.full_names(["653228"]) == {"653228": "新疆维吾尔自治区和田地区和康县"}
    with django_assert_num_queries(1):
        assert queries.names(["653228", "999999"]) == {"653228": "和康县"}


def test_a_division_made_since_is_found_all_the_same() -> None:
    queries.names(["653228"])
    Region.objects.create(code="653230", name="新县", full_name="新县", level=3, parent_id="653200")
    assert queries.names(["653230"]) == {"653230": "新县"}
