"""How institution names are compared: one spelling for what a clerk may write in several."""

from __future__ import annotations

import re
import unicodedata

_DROPPED = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\"'“”‘’「」『』《》·•・.,，。、;；:：_\-—–]+")


def institution_key(name: str) -> str:
    """Comparison key of an institution's name: width, case, blanks and punctuation do not count.

    Brackets stay (half width), since 新疆甲校 and 新疆甲校(分校) are two bodies.
    """
    return _DROPPED.sub("", unicodedata.normalize("NFKC", name)).upper()
