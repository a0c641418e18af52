"""Pages of certificates: all that the standard asks for stands on them, can be copied, and comes out the same twice."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from certificates.printing import glyphs, layouts, pdf, photos, preview, samples, shipped
from certificates.printing.typesetting import length

FAMILIES = ("skill_level", "special", "completion", "x")
# One each that stands in Song alone, in both, in Kai alone (Extension B), beyond the BMP in both.
RARE = "㛃喆𠮷𬱖"


def layout(family: str = "skill_level") -> layouts.Layout:
    return shipped.layout(family)


def card(**values: str) -> pdf.Printed:
    made = samples.sample("skill_level")
    return replace(made, values={**made.values, **values})


def text_of(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    pages = [document[i] for i in range(len(document))]
    texts = [page.get_textpage() for page in pages]
    found = [text.get_text_range() for text in texts]
    for each in (*texts, *pages, document):
        each.close()
    return found


def picture_of(data: bytes, dpi: int) -> Any:
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    picture = page.render(scale=dpi / 72).to_pil()
    page.close()
    document.close()
    return picture


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bilingual", [False, True])
def test_the_longest_texts_run_into_nothing(family: str, bilingual: bool) -> None:
    page, made = layout(family), samples.sample(family, long=True)
    drawn = [
        each
        for _element, items in preview.parts(page, made, bilingual=bilingual)
        for each in items
        if each.kind in ("text", "box")
    ]
    placed = [(each, *span(each)) for each in drawn]
    for at, (one, left, right, top, bottom) in enumerate(placed):
        assert left >= 14 and right <= page.page[0] - 14, one.text
        for other, left_2, right_2, top_2, bottom_2 in placed[at + 1 :]:
            apart = right <= left_2 or right_2 <= left or bottom <= top_2 or bottom_2 <= top
            assert apart, f"{one.text} / {other.text}"


def span(item: preview.Item) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of what is drawn, in millimetres; letters rise 0.7 of their size above the line."""
    if item.kind == "box":
        return item.x, item.x + item.width, item.y, item.y + item.height
    long = length(item.font, item.text, item.size / 25.4 * 72, item.spacing * 72 / 25.4) * 25.4 / 72
    left = item.x - {"start": 0, "middle": long / 2, "end": long}[item.anchor]
    return left, left + long, item.y - 0.7 * item.size, item.y + 0.1 * item.size


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bilingual", [False, True])
def test_a_page_says_all_it_has_to(family: str, bilingual: bool) -> None:
    made = samples.sample(family)
    page = layout(family)
    data = pdf.render([made], page, pdf.Way(bilingual=bilingual))
    (text,) = text_of(data)
    asked = {
        name for e in page.elements for name in layouts.needed(e) if bilingual or not name.endswith("_en")
    }
    flat = "".join(text.split())
    for name in asked & set(made.values):
        if name == "direction":
            assert "--" in text, "no speciality is printed as two dashes"
        else:
            assert "".join(made.values[name].split()) in flat, name
    assert page.title in text
    assert data == pdf.render([made], page, pdf.Way(bilingual=bilingual)), "the same page, the same bytes"


def test_what_the_standard_for_skill_level_certificates_asks_for() -> None:
    (text,) = text_of(pdf.render([samples.sample("skill_level")], layout()))
    for words in (
        "职业技能等级证书",
        "姓名",
        "证件类型",
        "证件号码",
        "职业名称",
        "工种/职业方向",
        "职业技能等级",
        "证书编号",
        "jndj.osta.org.cn",
        "pjjg.osta.org.cn",
    ):
        assert words in text
    assert not any(word in text for word in ("国家", "全国", "职业资格", "监制"))


def test_rare_characters_come_from_the_font_that_has_them_and_copy_out_right() -> None:
    assert glyphs.missing(RARE) == []
    (text,) = text_of(pdf.render([card(name=RARE)], layout()))
    assert RARE in text
    assert [each.font for _, each in glyphs.glyphs(glyphs.SONG, "喆𠮷")] == [glyphs.SONG, glyphs.KAI]


def test_a_character_without_a_form_is_named_and_drawn_as_a_geta() -> None:
    nowhere = "\U0002a6d6"  # the last of Extension B
    assert glyphs.missing(f"张{nowhere}\ue863 ") == [nowhere, "\ue863"]
    (text,) = text_of(pdf.render([card(name=f"张{nowhere}")], layout()))
    assert "张〓" in text


def test_many_pages_in_one_file_are_each_their_own() -> None:
    cards = [card(name=f"学员{n}", number=f"S{n:021}") for n in range(40)]
    data = pdf.render(iter(cards), layout())
    texts = text_of(data)
    assert [f"S{n:021}" in text and f"学员{n}" in text for n, text in enumerate(texts)] == [True] * 40
    alone = len(pdf.render(cards[:1], layout()))
    assert len(data) < 4 * alone, "fonts, frame and photo are in it once"


@pytest.mark.parametrize(("dpi", "size"), [(300, 2480), (110, 909)])
def test_the_code_on_the_page_reads(dpi: int, size: int) -> None:
    made = samples.sample("skill_level")
    picture = picture_of(pdf.render([made], layout()), dpi)
    assert abs(picture.width - size) <= 1
    found = zxingcpp.read_barcodes(picture)
    assert [each.text for each in found] == [made.qr]


def test_paper_that_is_printed_already_gets_only_what_differs() -> None:
    (text,) = text_of(pdf.render([card()], layout(), pdf.Way(preprinted=True)))
    assert samples.sample("skill_level").values["name"] in text
    assert "姓名" not in text and "查询网址" not in text


def test_long_values_grow_smaller_and_then_take_two_lines() -> None:
    body = "新疆维吾尔自治区阿勒泰地区某某职业技能等级认定与职业培训发展中心有限责任公司第三分公司"
    (text,) = text_of(pdf.render([card(body=body, occupation=body)], layout()))
    assert "".join(text.split()).count(body) >= 2


def test_a_photo_goes_in_as_it_is_or_is_refused() -> None:
    made = samples.sample("skill_level")
    assert made.photo is not None and made.photo in pdf.render([made], layout())
    for picture in (b"\x89PNG....", b"\xff\xd8\xff\xe0\x00\x04aa", _jpeg("CMYK")):
        with pytest.raises(photos.BadPicture):
            pdf.render([replace(made, photo=picture)], layout())
    assert pdf.render([replace(made, photo=_jpeg("L"))], layout())


def _jpeg(mode: str) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (30, 40)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "picture"}, "种类"),
        ({"field": "salary"}, "不存在的内容"),
        ({"x": 300.0}, "页面之外"),
        ({"width": 250.0}, "右边"),
        ({"size": 200.0}, "字号"),
        ({"when": "value:salary"}, "条件"),
        ({"colour": "red"}, "颜色"),
        ({"x": "left"}, "不是数字"),
        ({"script": "x"}, "未知的属性"),
    ],
)
def test_a_layout_that_cannot_be_drawn_says_why(changed: dict[str, Any], words: str) -> None:
    data = layouts.written(layout())
    data["elements"] = [e | changed if e["id"] == "name" else e for e in data["elements"]]
    with pytest.raises(layouts.BadLayout, match=words):
        layouts.read(data)


def test_layouts_are_written_as_they_are_read() -> None:
    for family in FAMILIES:
        page = layout(family)
        assert layouts.read(layouts.written(page)) == page
        assert glyphs.missing(layouts.words(page)) == []
    moved = layouts.moved(layout(), {"name": {"x": 40.0}})
    assert moved.fingerprint != layout().fingerprint
