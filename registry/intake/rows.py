"""Which rows under a header are people, and which are footers, repeated headers, examples or blank lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence

from registry.intake.cells import Cell, Row, is_blank, plain
from registry.intake.header import Header, cell_at, normal
from registry.intake.readers import Merge

BLANK, REPEATED, FOOTER, EXAMPLE = "blank", "header", "footer", "example"

EXAMPLE_ROWS = 3  # an example stands right under the header, nowhere else

# Matched against cells without blanks, half-width.
_FOOTER = re.compile(
    r"合计|总计|小计|共计|累计|总人数|本页|以上|以下空白|填表|制表|填报|审核|审批|复核|经办|负责人|联系人|校对|录入人"
    r"|注:|备注:|说明:|注意|填写说明|.{0,8}(?:签字|签章|盖章|公章|负责人|经办人)|日期:|打印|第\d+页|共\d+[人页]|单位\(盖章|单位:"
    r"|(?:承训|培训)机构[(:]|主管部门|人社局|领导|\d{4}年\d{0,2}月?\d{0,2}日?$|年月日"
)
_EXAMPLE_WORD = re.compile(r"示例|样例|范例|举例|样本|填写例|^例(?:如|子|行)?:?$|^例:")
_EXAMPLE_NAMES = frozenset(("张三", "李四", "王五", "某某", "张某", "张某某", "xxx", "XXX", "×××"))
_SPECIMEN = re.compile(r"110101|[0-9]{6,10}[*xX×]{4,}|1234567890|[0-9*xX×]*[*×xX]{6}|x+|0{6,}", re.I)
_GUIDE = re.compile(r"必填|选填|可不填|下拉选择|文本格式|18位")


class Sieve:
    """Lets people's rows through and remembers the others as ``skipped``: [{row, why}]; blank lines are
    only counted.

    A row without name and number is a footer when one of its leading cells begins like one; from then on
    rows without a number are footers too. Rows that do hold a number are never swallowed: on printed sheets
    people go on below. ``certain``: rows that somebody has corrected, and that are people's whatever they say.
    """

    def __init__(
        self, header: Header, *, keep_examples: bool = False, certain: Container[int] = frozenset()
    ) -> None:
        self._name = header.columns["name"]
        number = header.number
        assert number is not None  # a required column
        self._number = number
        self._known = sorted(header.columns.values())
        self._lines = header.lines
        self._heading_words = frozenset(text for line in header.lines for _, text in line)
        self._keep_examples, self._certain = keep_examples, certain
        self._ended = False
        self._seen = 0
        self.skipped: list[dict[str, object]] = []
        self.blank = 0

    def people(self, rows: Iterable[Row]) -> Iterator[Row]:
        name_at, number_at, words = self._name, self._number, self._heading_words
        furthest = max(name_at, number_at)
        for row in rows:
            cells = row[1]
            if len(cells) > furthest:
                name, number = cells[name_at], cells[number_at]
                # The common case first: a name and a number, past the rows where an example may stand.
                # Short texts in the number's place are looked at: a footer has 3人 there.
                long_enough = type(number) is not str or len(number) >= 9
                if self._seen >= EXAMPLE_ROWS and name and number and long_enough and name not in words:
                    self._ended = False
                    yield row
                    continue
            why = None if row[0] in self._certain else self.why_not(cells)
            if why == BLANK:
                self.blank += 1
            elif why is None:
                self._seen += 1
                self._ended = False
                yield row
            else:
                self._ended = why == FOOTER or (self._ended and why != REPEATED)
                self.skipped.append({"row": row[0], "why": why})

    def why_not(self, cells: Sequence[Cell]) -> str | None:
        """The reason to skip this row, or None for a person's row."""
        texts = [plain(cell) for cell in cells]
        if not any(texts):
            # A broken formula is not nothing.
            return None if any(not is_blank(cell) for cell in cells) else BLANK
        if self._repeats_header(texts):
            return REPEATED
        name, number = self._text(texts, self._name), self._text(texts, self._number)
        if not _may_be_number(number) and self._is_footer(texts, name, number):
            return FOOTER
        if not name and not number and self._says_nothing(texts):
            return BLANK
        if self._seen < EXAMPLE_ROWS and not self._keep_examples and _is_example(texts, name, number):
            return EXAMPLE
        return None

    @staticmethod
    def _text(texts: Sequence[str], place: int) -> str:
        return texts[place] if place < len(texts) else ""

    def _repeats_header(self, texts: Sequence[str]) -> bool:
        here = {(place, normal(text)) for place, text in enumerate(texts) if text}
        # Most of the line, for a page header may have been retyped.
        return any(len(line) > 1 and len(here & line) * 5 >= len(line) * 4 for line in self._lines)

    def _is_footer(self, texts: Sequence[str], name: str, number: str) -> bool:
        if self._ended and not number:
            return True
        filled = [text for text in texts if text]
        leading = [filled[0], name] if name else filled
        if name and not _FOOTER.match(_squeezed(name)) and _looks_like_name(name) and not number:
            # A person whose number is missing is reported, whatever the remark beside them says.
            return bool(_FOOTER.match(_squeezed(filled[0])) and filled[0] != name and len(filled) <= 3)
        return any(_FOOTER.match(_squeezed(text)) for text in leading)

    def _says_nothing(self, texts: Sequence[str]) -> bool:
        """Only a serial number, or nothing in any column that this kind knows."""
        return not any(self._text(texts, place) for place in self._known)


def _squeezed(text: str) -> str:
    """Without blanks, brackets and colons half-width; for looking, never for keeping."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _may_be_number(text: str) -> bool:
    """Whether somebody may have meant an identity number by it."""
    return sum(character.isdigit() for character in text) >= 6


def _looks_like_name(text: str) -> bool:
    return 2 <= len(text) <= 30 and not any(
        character.isdigit() or character in ":()\uff1a\uff08\uff09" for character in text
    )


def _is_example(texts: Sequence[str], name: str, number: str) -> bool:
    filled = [text for text in texts if text]
    if any(_EXAMPLE_WORD.search(_squeezed(text)) for text in (filled[0], name, filled[-1])):
        return True
    if name in _EXAMPLE_NAMES and _SPECIMEN.match(number):
        return True
    return sum(bool(_GUIDE.search(text)) for text in filled) * 2 > len(filled) and not _may_be_number(number)


def fill_merged(
    rows: Iterable[Row], merges: Sequence[Merge], after: int, filled: set[tuple[int, int]]
) -> Iterator[Row]:
    """Carry the top cell of every vertically merged range below the header down; ``filled`` collects the
    places.
    """
    starts: dict[int, list[Merge]] = {}
    for merge in merges:
        if merge[0] > after and merge[2] > merge[0]:
            starts.setdefault(merge[0], []).append(merge)
    if not starts:
        yield from rows
        return
    open_: dict[int, tuple[int, Cell]] = {}  # column → last row, value
    for number, cells in rows:
        for column in [column for column, (last, _) in open_.items() if last < number]:
            del open_[column]
        for column, (_, value) in open_.items():
            if column >= len(cells):
                cells.extend([""] * (column + 1 - len(cells)))
            if is_blank(cells[column]):
                cells[column] = value
                filled.add((number, column))
        for _, column, last, _ in starts.get(number, ()):
            value = cell_at(cells, column)
            if not is_blank(value):
                open_[column] = (last, value)
        yield number, cells
