"""Names and institutions: what is unified, and above all what is left alone."""

from __future__ import annotations

import csv
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lib.text import clean_name, halfwidth, luhn, name_key, org_key, squeeze, visible


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("李四", "李四"),
        ("李  四", "李四"),
        (" 李\u3000四\u00a0", "李四"),
        ("李\u200b四\ufeff", "李四"),
        ("'张三", "张三"),
        ("' 张三", "张三"),
        ("John   Smith", "John Smith"),
        ("J. Smith", "J. Smith"),
        ("O'Brien", "O'Brien"),
        ("ＡＢ李", "AB李"),
        ("张三（小）", "张三（小）"),
        ("㛃 䶮", "㛃䶮"),
        ("𠮷 田", "𠮷田"),
        ("\ue863三", "䶮三"),
        ("\ue000 三", "\ue000三"),
        ("\uf9d1三", "\uf9d1三"),  # a compatibility character: NFC and NFKC would change it
        ("阿依古丽·买买提·艾合买提江·吐尔逊", "阿依古丽·买买提·艾合买提江·吐尔逊"),
    ],
)
def test_names(raw: str, name: str) -> None:
    assert clean_name(raw) == name


@pytest.mark.parametrize("dot", [*"·•・･‧∙⋅.．﹒", " · ", " . ", "··"])
def test_every_middle_dot_is_one(dot: str) -> None:
    assert clean_name(f"阿依古丽{dot}买买提") == "阿依古丽·买买提"


def test_every_private_character_of_old_fonts_is_mapped() -> None:
    table = resources.files("registry.lib").joinpath("data/gbk_pua_to_unicode.csv").read_text("utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert len(rows) > 70
    for row in rows:
        assert clean_name(chr(int(row["pua"], 16))) == row["char"]


@given(st.text(max_size=30))
def test_cleaning_a_clean_name_changes_nothing(raw: str) -> None:
    once = clean_name(raw)
    assert clean_name(once) == once
    assert name_key(once) == name_key(raw)


@given(st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF, categories=["Lo"]), min_size=1))
def test_han_characters_are_never_changed(name: str) -> None:
    assert clean_name(name) == name
    assert clean_name(" ".join(name)) == name


def test_names_are_compared_without_case_blanks_and_dots() -> None:
    assert name_key("JOHN Smith") == name_key("John  smith")
    assert name_key("阿依古丽.买买提") == name_key("阿依古丽买买提")
    assert name_key("李四") != name_key("李西")


def test_institutions_are_compared_without_blanks_quotes_and_kinds_of_brackets() -> None:
    assert org_key("天山区“巧手”职业技能培训学校（有限公司）") == org_key(
        "天山区巧手职业技能培训学校 (有限公司)"
    )
    assert org_key("ＡＢＣ学校") == org_key("abc学校")
    assert org_key("甲校【分校】") == org_key("甲校（分校）") != org_key("甲校分校")
    assert org_key("第一技校") != org_key("第二技校")


def test_luhn() -> None:
    assert luhn("4111111111111111") and luhn("79927398713")
    assert not luhn("4111111111111112")


def test_small_helpers() -> None:
    assert halfwidth("（ＡＢＣ）\u3000１２３") == "(ABC) 123"
    assert visible("电\u200b工\x00\n") == "电工\n"
    assert squeeze("  电工 \u200b\n （初级） ") == "电工 （初级）"
