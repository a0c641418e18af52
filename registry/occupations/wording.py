"""How occupations are written in rosters, and the readings that a wording allows. Pure.

`三级养老护理员`, `养老护理员（高级工）`, `养老护理 培训班` all mean one occupation. A reading is only a
candidate: it counts when it is exactly the name of an occupation, so stripping too much does no harm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_NOISE = re.compile(r"[^0-9A-Z\u00b7\u3007\u3400-\u9fff\U00020000-\U0003ffff]+")
_BRACKETED = re.compile(r"[(\[【〔<《]([^()\[\]【】〔〕<>《》]*)[)\]】〕>》]")
_CODE = re.compile(r"(?<![0-9])([1-8]-[0-9]{2}-[0-9]{2}-[0-9]{2})(?![0-9])|(ZX-[0-9]{4})")
_LEVEL = "(?:高级技师|特级技师|首席技师|高级工|中级工|初级工|学徒工|技师|高级|中级|初级|[一二三四五1-5]级)"
_LEADING = re.compile(
    rf"^(?:{_LEVEL}|补贴性|职业技能|就业技能|岗位技能提升|技能提升|岗位技能|创业|项目制|专项职业能力|专项能力|专项|职业|工种|培训)"
)
_TRAILING = re.compile(rf"(?:{_LEVEL}|职业技能|技能|培训班|培训|专业|工种|职业|课程|方向|项目|技术|期|班)$")
_ENDINGS = "工师员"


def occupation_key(text: str) -> str:
    """Comparison key of a wording: NFKC, upper case, nothing but letters, digits and Han characters."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).upper())


def codes(text: str) -> tuple[str, ...]:
    """Occupation codes that stand in the wording, in order."""
    return tuple(match.group(0) for match in _CODE.finditer(unicodedata.normalize("NFKC", text).upper()))


def readings(text: str) -> Iterator[str]:
    """Keys that the wording may stand for, the most literal first; some may come twice."""
    plain = _CODE.sub(" ", unicodedata.normalize("NFKC", text).upper())
    parts = [plain]
    if _BRACKETED.search(plain):
        parts += [_BRACKETED.sub(" ", plain), *(match.group(1) for match in _BRACKETED.finditer(plain))]
    keys = [key for key in (occupation_key(part) for part in parts) if key]
    yield from keys
    stripped = [shorter for key in keys for shorter in _stripped(key)]
    yield from stripped
    for key in [*keys, *stripped]:
        if key[-1] not in _ENDINGS:
            for ending in _ENDINGS:
                yield key + ending


def _stripped(key: str) -> list[str]:
    """The key without level and course words, one more of them gone each time."""
    found: list[str] = []
    while True:
        shorter = _TRAILING.sub("", key)
        if shorter == key:
            shorter = _LEADING.sub("", key)
        if shorter == key or len(shorter) < 2:
            return found
        found.append(shorter)
        key = shorter
