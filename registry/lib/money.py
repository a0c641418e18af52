"""Money: whole 分 (fen) in an integer, everywhere. Yuan and 万元 exist at the edges only, and here."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from registry.lib.unreadable import Unreadable

FEN_IN: Final = {"元": 100, "百元": 10**4, "千元": 10**5, "万元": 10**6, "亿元": 10**10}
LARGEST_FEN = 10**15  # ten trillion yuan: beyond any budget, so a slip; and far inside a bigint

_SIGNS = str.maketrans(
    {**{chr(0xFF01 + n): chr(0x21 + n) for n in range(94)}, "￥": "¥", "−": "-"}
    | dict.fromkeys(" \t\r\n'\u00a0\u3000\u200b\ufeff", None)
)
_AMOUNT = re.compile(
    r"(?:人民币|RMB|CNY)?¥?(?P<sign>[-+]?)¥?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)"
    r"(?P<unit>元|圆|块|百元|千元|千|万元|万|亿元|亿)?整?",
    re.ASCII,
)
_PLAIN = re.compile(r"\d{1,9}", re.ASCII)
_ALIASES = {"圆": "元", "块": "元", "千": "千元", "万": "万元", "亿": "亿元"}
_UNREADABLE = "无法识别为金额；请填写数字，例如 1000 或 1000.50"
_TOO_FINE = "金额精确到分；请核对小数位"
_TOO_LARGE = "金额过大；请核对单位与小数点"
_NEGATIVE = "金额不能为负数；请核对"
_ROUND_OFF = Decimal("0.0001")  # of a fen: what binary fractions of a spreadsheet leave behind


def parse_amount(raw: object, *, unit: str = "元", negative: bool = False) -> int:
    """Read a cell as fen: 1,000.00, 1000元, 0.1万元, ￥1000, a number. Raises Unreadable, also when blank.

    `unit` is what the heading says for cells that name none; parts of a fen are refused, never rounded away.
    """
    if isinstance(raw, str):
        if unit == "元" and _PLAIN.fullmatch(raw):
            return int(raw) * 100
        return _parse_text(raw, unit, negative)
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        if isinstance(raw, float):
            if 0 <= raw < 1e8 and raw.is_integer():
                return int(raw) * FEN_IN[unit]
            return _fen(Decimal(repr(raw)), unit, negative, _ROUND_OFF)  # repr: what the cell shows
        return _fen(Decimal(raw), unit, negative)
    raise Unreadable(_UNREADABLE)


def format_yuan(fen: int) -> str:
    """1,234.50, always with two decimals."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def format_wan(fen: int, decimals: int = 2) -> str:
    """In 万元, rounded half up: the one place where money is rounded, and only to be looked at."""
    rounded = (Decimal(fen) / FEN_IN["万元"]).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:,}"


def _parse_text(raw: str, unit: str, negative: bool) -> int:
    match = _AMOUNT.fullmatch(raw.translate(_SIGNS)) if len(raw) < 60 else None
    if match is None:
        raise Unreadable(_UNREADABLE)
    named = match["unit"] or unit
    number = Decimal(match["sign"] + match["number"].replace(",", ""))
    return _fen(number, _ALIASES.get(named, named), negative)


def _fen(number: Decimal, unit: str, negative: bool, round_off: Decimal = Decimal(0)) -> int:
    if not number.is_finite():
        raise Unreadable(_UNREADABLE)
    if abs(number) >= LARGEST_FEN:
        raise Unreadable(_TOO_LARGE)
    exact = number * FEN_IN[unit]
    fen = exact.to_integral_value(ROUND_HALF_UP)
    if abs(exact - fen) > round_off:
        raise Unreadable(_TOO_FINE)
    if abs(fen) >= LARGEST_FEN:
        raise Unreadable(_TOO_LARGE)
    if fen < 0 and not negative:
        raise Unreadable(_NEGATIVE)
    return int(fen)
