"""How numbers are composed: rules as dated rows (`NumberRule`), never one expression.

A rule's segments before the serial make the space in which serials are dense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.issuance import entries
from certificates.issuance.models import Attestation, Counter, NumberRule
from registry.accounts.models import User
from registry.audit import services as audit
from registry.lib.dated import add_missing, dated_key, in_force, shipped
from registry.lib.upsert import Counts
from registry.regions.models import Region

SHIPPED = Path(__file__).parent / "data" / "number_rules.csv"
_TAKES = {"text", "body", "institution", "region", "year", "level", "serial"}


class BadRule(ValueError):
    """Segments that compose no number."""


class NotAllowed(Exception):
    """The rule cannot begin so; the text says why."""


class Given(NamedTuple):
    """What a number is composed of; `level_code` is None where the level has none."""

    prefix: str
    institution_id: int
    region_code: str
    year: int
    level_code: str | None


class Space(NamedTuple):
    """Everything before the serial, and how many digits the serial has."""

    text: str
    digits: int

    @property
    def most(self) -> int:
        return int(10**self.digits - 1)

    def number(self, serial: int) -> str:
        return f"{self.text}{serial:0{self.digits}d}"


def rule_for(family: str, region_code: str, on: date) -> NumberRule | None:
    """The rule in force on a day in a division: that of the smallest division around it, else the nationwide one."""
    found = [
        rule
        for rule in NumberRule.objects.filter(in_force(on), family=family)
        if region_code.startswith(_stem(rule.region_code))
    ]
    return max(found, key=lambda rule: (len(_stem(rule.region_code)), rule.valid_from), default=None)


def _stem(region_code: str) -> str:
    """650000 stands for all that begin with 65."""
    while region_code.endswith("00"):
        region_code = region_code[:-2]
    return region_code


def check(segments: Sequence[Mapping[str, Any]]) -> None:
    """Raises BadRule unless the segments compose numbers of at most 40 characters, the serial last."""
    takes = [part.get("take") for part in segments]
    if not takes or takes[-1] != "serial" or takes.count("serial") != 1 or not set(takes) <= _TAKES:
        raise BadRule("unknown segments, or the serial is not last")
    if "body" not in takes and "institution" not in takes:
        raise BadRule("two bodies would share their numbers")
    for part in segments:
        if part["take"] == "text" and not part.get("text"):
            raise BadRule("an empty text")
        allowed = {"year": (2, 4), "region": (2, 4, 6), "institution": range(4, 10), "serial": range(4, 9)}
        if part["take"] in allowed and part.get("digits") not in allowed[part["take"]]:
            raise BadRule(f"{part['take']}: not a number of digits that it may have")


def space(segments: Iterable[Mapping[str, Any]], given: Given) -> Space | entries.Refused:
    """The space of a rule for what is given, or why there is none."""
    made, digits = [], 0
    for part in segments:
        take = part["take"]
        if take == "text":
            made.append(str(part["text"]))
        elif take == "body":
            if not given.prefix:
                return entries.Refused(entries.BODY_UNNUMBERED)
            made.append(given.prefix)
        elif take == "institution":
            made.append(f"{given.institution_id:0{part['digits']}d}")
        elif take == "region":
            made.append(given.region_code[: part["digits"]].ljust(part["digits"], "0"))
        elif take == "year":
            made.append(f"{given.year:04d}"[-part["digits"] :])
        elif take == "level":
            if given.level_code is None:
                return entries.Refused(entries.LEVEL_UNNUMBERED)
            made.append(given.level_code)
        else:
            digits = part["digits"]
    return Space("".join(made), digits)


def parse(text: str) -> list[dict[str, Any]]:
    """Segments as they are written in the shipped file and typed by administrators: `body year:2 level serial:6`."""
    found: list[dict[str, Any]] = []
    for word in text.split():
        take, _colon, more = word.partition(":")
        if take == "text":
            found.append({"take": take, "text": more})
        elif more:
            found.append({"take": take, "digits": int(more)})
        else:
            found.append({"take": take})
    check(found)
    return found


def written(segments: Iterable[Mapping[str, Any]]) -> str:
    """Segments as `parse` reads them."""
    return " ".join(
        ":".join(filter(None, [part["take"], str(part.get("text", "")) or str(part.get("digits", ""))]))
        for part in segments
    )


def overlapping(
    family: str, region_code: str, since: date, until: date | None, *, but: int | None = None
) -> NumberRule | None:
    """A rule of the same family and division that holds on one of these days; two would leave open which one counts."""
    found = NumberRule.objects.filter(family=family, region_code=region_code).exclude(pk=but or 0)
    found = found.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=since))
    return (found.filter(valid_from__lte=until) if until else found).order_by("valid_from").first()


@transaction.atomic
def add(
    family: str,
    region_code: str,
    segments: Sequence[Mapping[str, Any]],
    *,
    valid_from: date,
    name: str,
    document_no: str,
    actor: User,
) -> NumberRule:
    """A rule from a day on; the one that holds until then ends the day before. Raises NotAllowed, BadRule."""
    check(segments)
    if valid_from <= timezone.localdate():
        raise NotAllowed(_("新规则从明天或以后起用：今天签发的证书已按现行规则编号。"))
    if region_code and not Region.objects.filter(code=region_code).exists():
        raise NotAllowed(_("没有这个行政区划代码。"))
    same = NumberRule.objects.select_for_update().filter(family=family, region_code=region_code)
    before = same.filter(valid_from__lt=valid_from, valid_to__isnull=True).order_by("-valid_from").first()
    if before is not None:
        before.valid_to = valid_from - timedelta(days=1)
        before.save(update_fields=["valid_to"])
    if (other := overlapping(family, region_code, valid_from, None)) is not None:
        raise NotAllowed(
            _("与“%(name)s”（%(day)s 起）的期间重叠。") % {"name": other.name, "day": other.valid_from}
        )
    row = NumberRule.objects.create(
        code=f"{family}{region_code and '-'}{region_code}",
        family=family,
        region_code=region_code,
        name=name,
        segments=list(segments),
        valid_from=valid_from,
        document_no=document_no,
    )
    audit.record(
        code="issuance.rule",
        actor=actor,
        subject_type="number_rule",
        subject_id=row.pk,
        n=1,
        after={
            "family": family,
            "region": region_code,
            "segments": written(segments),
            "from": valid_from.isoformat(),
        },
    )
    return row


class Example(NamedTuple):
    """The number that would come next by some segments, for whom, and what stands before the serial."""

    number: str
    body: str
    space: str


#: For whom an example is made where no certificate of the family was issued yet; the region is that of the rule.
_INVENTED: Final = Given("S000065000123", 123, "650000", 2026, "4")


def example(family: str, region_code: str, segments: Sequence[Mapping[str, Any]], on: date) -> Example | None:
    """The next number of the body that issued last in this family, or of an invented one. None for bad segments."""
    try:
        check(segments)
    except BadRule:
        return None
    last = Attestation.objects.filter(family=family).select_related("institution", "level").order_by("-id")
    row = last.filter(institution__region__code__startswith=_stem(region_code)).first()
    given = _INVENTED._replace(year=on.year, region_code=region_code or _INVENTED.region_code)
    body = ""
    if row is not None:
        body = row.institution.name
        given = Given(
            row.printed.get("body_code") or _INVENTED.prefix,
            row.institution_id,
            row.institution.region_id,
            on.year,
            row.level.code if row.level and row.level.code else _INVENTED.level_code,
        )
    made = space(segments, given)
    if isinstance(made, entries.Refused):
        return None
    taken = Counter.objects.filter(space=made.text).values_list("last", flat=True).first() or 0
    return Example(made.number(taken + 1), body, made.text)


#: What a part of a number is called.
PARTS: Final = {
    "text": _lazy("固定文字"),
    "body": _lazy("机构备案编码"),
    "institution": _lazy("机构序号"),
    "region": _lazy("区划代码"),
    "year": _lazy("年份"),
    "level": _lazy("等级代码"),
    "serial": _lazy("流水号"),
}


def said(segments: Iterable[Mapping[str, Any]]) -> str:
    """Segments in words: `机构备案编码＋年份（2位）＋…`."""
    words = []
    for part in segments:
        if part["take"] == "text":
            words.append(f"“{part['text']}”")
        else:
            digits = part.get("digits")
            word = str(PARTS[part["take"]])
            words.append(_("%(part)s（%(n)s 位）") % {"part": word, "n": digits} if digits else word)
    return "＋".join(words)


def load() -> dict[str, Counts]:
    """Add the shipped rules that are missing; rows that an administrator changed stay as they are."""
    rows = (
        (
            dated_key(row),
            {
                "family": row["family"],
                "region_code": row["region_code"],
                "name": row["name"],
                "segments": parse(row["segments"]),
                "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                "document_no": row["document_no"],
            },
        )
        for row in shipped(SHIPPED)
    )
    return {"number rules": add_missing(NumberRule, rows)}


def differences() -> list[str]:
    """Shipped rules that no row holds any more, changed or not."""
    wanted = {row["code"] for row in shipped(SHIPPED)}
    return sorted(wanted - set(NumberRule.objects.values_list("code", flat=True)))
