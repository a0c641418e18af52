"""What printing has to say before a certificate is issued: a character that no font has stops it (字库缺字)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from certificates.issuance.entries import Refused
from certificates.issuance.hooks import Subject
from certificates.printing.glyphs import missing

GLYPH_MISSING = "glyph_missing"
REFUSALS = {GLYPH_MISSING: _("字库缺字，无法打印")}


def check(subjects: Sequence[Subject]) -> Mapping[int, Refused]:
    """Refusals by place. The detail says which part of the page lacks how many forms, and never a name's characters."""
    found: dict[int, Refused] = {}
    for place, subject in enumerate(subjects):
        # Nearly everybody's characters are there: one look at all of them, and no words for parts.
        if not missing("".join(_texts(subject))):
            continue
        parts = dict(zip(map(str, _PARTS), _texts(subject), strict=True))
        lacking = [(part, missing(text)) for part, text in parts.items() if missing(text)]
        if lacking:
            told = "；".join(f"{part} " + "、".join(_codes(each)) for part, each in lacking)
            found[place] = Refused(GLYPH_MISSING, told[:200])
    return found


_PARTS = (_("姓名"), _("证件号码"), _("职业名称"), _("证书名称"), _("评价机构名称"), _("打印内容"))


def _texts(subject: Subject) -> tuple[str, ...]:
    """What is printed of one certificate, in the order of `_PARTS`."""
    entry, holder = subject.entry, subject.holder
    printed = "".join(map(str, entry.printed.values()))
    return (
        holder.name,
        holder.document_number,
        entry.occupation_name + entry.direction,
        entry.title,
        subject.institution_name,
        printed,
    )


def _codes(characters: Sequence[str]) -> list[str]:
    """By code point: the character itself would be an empty box wherever it is read."""
    return [f"U+{ord(each):04X}" for each in characters]
