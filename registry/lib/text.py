"""Text as clerks type it: names of people and institutions, plain words.

Names of people are never normalised by NFKC, which changes rare characters. What is changed: blanks,
middle dots, full-width letters, invisible characters, and characters that old GBK fonts kept in the
private use area.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from importlib import resources

MIDDLE_DOT = "·"

_HAN = (
    "\u2e80-\u2fdf\u3005\u3007\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"  # with private use: an unmapped character there still stands for a Han one
)
_PLAIN_NAME = re.compile("[\u4e00-\u9fff]+(?:\u00b7[\u4e00-\u9fff]+)*")
_DOT = "[\u00b7\u0387\u16eb\u2022\u2027\u2219\u22c5\u2e31\u30fb\ua78f\uff65]"
_DOTS = re.compile(rf"\s*{_DOT}(?:\s*{_DOT})*\s*")
_STOPS = re.compile(rf"(?<=[{_HAN}])\s*[.\uff0e\ufe52]+\s*(?=[{_HAN}])")
_LEADING = re.compile(r"^[\s']+")  # the apostrophe by which Excel is told that a cell is text
_HAN_BLANKS = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_BLANKS = re.compile(r"\s+")
_CONTROLS = (*range(0x00, 0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0))
_ZERO_WIDTH = (0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
_INVISIBLE = dict.fromkeys((*_CONTROLS, *_ZERO_WIDTH))
_FULL_WIDTH = {0xFF01 + n: chr(0x21 + n) for n in range(94)} | {0x3000: " "}
_FULL_WIDTH_LETTERS = {code: char for code, char in _FULL_WIDTH.items() if char.isalnum()}
_BRACKETS = str.maketrans("[]{}<>【】〔〕〈〉", "()()()()()()")
_ORG_DROPPED = re.compile(rf"(?:[\s\"'“”‘’「」『』《》.,，。、;；:：_\-—–]|{_DOT})+")
_DOUBLED = str.maketrans("0123456789", "0246813579")  # twice the digit, its figures added


def _gbk_private_use() -> dict[int, str]:
    """Private code points of old GBK fonts and the characters that Unicode has for them since."""
    text = resources.files(__package__).joinpath("data/gbk_pua_to_unicode.csv").read_text("utf-8")
    return {int(row["pua"], 16): chr(int(row["unicode"], 16)) for row in csv.DictReader(text.splitlines())}


_CLEANING = _INVISIBLE | _gbk_private_use() | _FULL_WIDTH_LETTERS


def clean_name(raw: str) -> str:
    """A person's name as it is stored: no blank between Han characters, one between Latin words, dots as
    ·.
    """
    if _PLAIN_NAME.fullmatch(raw):
        return raw
    name = _LEADING.sub("", raw.translate(_CLEANING))
    name = _DOTS.sub(MIDDLE_DOT, name)
    name = _STOPS.sub(MIDDLE_DOT, name)
    name = _HAN_BLANKS.sub("", name)
    return _BLANKS.sub(" ", name).strip()


def name_key(name: str) -> str:
    """The form in which two names of people are compared: no blanks, dots or difference of case."""
    if _PLAIN_NAME.fullmatch(name):
        return name.replace(MIDDLE_DOT, "")
    key = unicodedata.normalize("NFC", clean_name(name).casefold())
    return key.replace(" ", "").replace(MIDDLE_DOT, "")


@lru_cache(maxsize=4096)  # a ledger names the same few institutions on every row
def org_key(name: str) -> str:
    """The form in which two names of institutions are compared: width, case, blanks and punctuation do not
    count. Brackets stay, all of one kind: a school and its branch (分校) are two bodies.
    """
    key = unicodedata.normalize("NFKC", visible(name)).translate(_BRACKETS)
    return _ORG_DROPPED.sub("", key).upper()


def halfwidth(text: str) -> str:
    """Full-width ASCII signs and blanks as ASCII; everything else stays as it is."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def visible(text: str) -> str:
    """Without control and zero-width characters; blanks, tabs and line ends stay."""
    return text.translate(_INVISIBLE)


def squeeze(text: str) -> str:
    """One blank for any run of blanks, none at the ends, no invisible characters."""
    return " ".join(visible(text).split())


def luhn(digits: str) -> bool:
    """Whether the last of these ASCII digits is the check digit of the others (ISO/IEC 7812)."""
    return sum(map(int, digits[::-2] + digits[-2::-2].translate(_DOUBLED))) % 10 == 0
