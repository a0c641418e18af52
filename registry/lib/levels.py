"""The eight grades of skilled workers (新八级工) and the words that sheets use for them.

Rank ascends with skill, and is what is stored, sorted and compared. The code in a certificate number runs
backwards (5 is 初级工, 1 is 高级技师), so it never serves for sorting.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from registry.lib.unreadable import Unreadable


class Level(NamedTuple):
    rank: int
    code: str  # the digit in a certificate number; empty where a letter is used, which differs by province
    grade: str  # 五级, empty where the grade has no number
    title: str  # 初级工
    high_skilled: bool

    @property
    def name(self) -> str:
        """As printed on a certificate: 五级/初级工, 特级技师."""
        return f"{self.grade}/{self.title}" if self.grade else self.title


LEVELS: Final = (
    Level(1, "", "", "学徒工", False),
    Level(2, "5", "五级", "初级工", False),
    Level(3, "4", "四级", "中级工", False),
    Level(4, "3", "三级", "高级工", True),
    Level(5, "2", "二级", "技师", True),
    Level(6, "1", "一级", "高级技师", True),
    Level(7, "", "", "特级技师", True),
    Level(8, "", "", "首席技师", True),
)
BY_RANK: Final = {level.rank: level for level in LEVELS}
#: what a sheet offers: the grades that are examined for
EXAMINED: Final = tuple(level.title for level in LEVELS if level.code)
BY_CODE: Final = {level.code: level for level in LEVELS if level.code}

_NO_LEVEL = frozenset(
    ("", "无", "/", "-", "--", "—", "——", "无等级", "不分等级", "不分级", "未定级", "无级别")
)
_FORMS = "ⅠⅡⅢⅣⅤ"
_NUMERALS = ("一", "二", "三", "四", "五")
_SHORT = {"学徒": 1, "初级": 2, "中级": 3, "高级": 4, "特级": 7, "首席": 8}
_PREFIX = re.compile(r"^(?:国家|职业|资格|技能|等级|认定|L)+")
_JOINTS = re.compile(r"[/\\()（）·、,，:：\-—|]+")


def _words() -> dict[str, int]:
    words = dict(_SHORT)
    for level in LEVELS:
        words[level.title] = level.rank
        words[level.title.replace("级工", "级技工")] = level.rank
        if level.code:
            at = int(level.code) - 1
            for numeral in (level.code, _NUMERALS[at], _FORMS[at], ("I", "II", "III", "IV", "V")[at]):
                words[numeral] = words[f"{numeral}级"] = level.rank
    return words


_WORDS: Final = _words()
_WHOLE_WORDS = sorted(
    (word for word in _WORDS if len(word) > 1 and not word.isascii()), key=len, reverse=True
)
_WRITTEN_TOGETHER = re.compile("|".join(_WHOLE_WORDS))
_HALF_WIDTH = {0xFF01 + n: 0x21 + n for n in range(94)}
_cache: dict[str, int | None] = {}


def parse_level(text: str) -> int | None:
    """Rank 1 to 8; None where the cell says that there is none (blank, 无, —). Raises Unreadable for others.

    A cell that names the level twice, 三级/高级工, must say the same both times.
    """
    try:
        return _cache[text]
    except KeyError:
        rank = _parse(text)
    if len(_cache) < 1000:  # a sheet holds a dozen words; a hostile one shall not fill the memory
        _cache[text] = rank
    return rank


def _parse(text: str) -> int | None:
    word = re.sub(r"[\s\u200b\ufeff']+", "", text.translate(_HALF_WIDTH)).upper()
    if word in _NO_LEVEL:
        return None
    parts = [_PREFIX.sub("", part) for part in _JOINTS.split(word)]
    ranks = {rank for part in parts if part for rank in _ranks(part)}
    if len(ranks) != 1 or 0 in ranks:
        raise Unreadable(
            "无法识别为技能等级；请填写 初级工、中级工、高级工、技师、高级技师 等，或 五级 至 一级"
        )
    return ranks.pop()


def _ranks(part: str) -> list[int]:
    """Of 高级工, or of 三级高级工 written together; 0 stands for a word that is none."""
    if part in _WORDS:
        return [_WORDS[part]]
    found = _WRITTEN_TOGETHER.findall(part)
    return [_WORDS[word] for word in found] if "".join(found) == part else [0]
