"""Certificates that ledgers report: what speaks against each of them, and confirming those that were checked.

Nothing in a number proves it (domain §1.1: no check digit), so a reported certificate is compared with whatever stands
around it: the structure of its number, the body that the number names, level, date, and who else holds the like.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from django.db.models import F, QuerySet
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.evaluations.models import Body
from certificates.issuance import acts, numbering
from certificates.issuance.models import Certificate
from certificates.issuance.queries import certificates
from registry.accounts.models import User
from registry.intake.models import Batch
from registry.lib.scope import Scope

Tone = Literal["bad", "warn"]


class Finding(NamedTuple):
    """Something that speaks against a certificate: `bad` cannot be, `warn` is worth a look."""

    code: str
    tone: Tone
    words: str


_WORDS: Final[dict[str, tuple[Tone, str | Promise]]] = {
    "shape": ("bad", _("编号不符合编号规则")),
    "unusual": ("warn", _("编号规则由各地自定，只能核对长度")),
    "letter": ("warn", _("编号首字母不在规则之列")),
    "year": ("bad", _("编号中的年份与发证日期不符")),
    "level": ("bad", _("编号中的等级与登记的等级不符")),
    "future": ("bad", _("发证日期在今天之后")),
    "early": ("bad", _("发证日期早于该编号规则启用")),
    "undated": ("warn", _("没有发证日期")),
    "body": ("warn", _("编号中的评价机构没有登记")),
    "body_then": ("bad", _("发证日期不在该评价机构备案期内")),
    "twin": ("bad", _("另一人的证书只差前导零")),
    "second": ("warn", _("同一人同职业同等级另有证书")),
}
_OLD_LENGTH: Final = 13  # numbers of before 16 digits, asked for with three zeros in front (domain §1.2)


def unconfirmed(scope: Scope) -> QuerySet[Certificate]:
    """Reported certificates in view that nobody has confirmed and that may still hold, in order of id."""
    found = certificates(scope).filter(
        basis=Certificate.Basis.REPORTED, confirmed_on=None, state=Certificate.State.VALID
    )
    return found.order_by("id")


def findings(rows: Sequence[Certificate]) -> dict[int, list[Finding]]:
    """What speaks against each of these certificates, the gravest first; two queries for all of them."""
    today = timezone.localdate()
    bodies = _bodies({row.number[:13] for row in rows if len(row.number) == 22})
    twins, others = _twins(rows), _others(rows)
    found: dict[int, list[Finding]] = {}
    for row in rows:
        codes = [*_of_number(row, today), *_of_body(row, bodies)]
        codes += ["twin"] if row.pk in twins else []
        codes += ["second"] if row.pk in others else []
        named = [Finding(code, _WORDS[code][0], str(_WORDS[code][1])) for code in codes]
        found[row.pk] = sorted(named, key=lambda one: one.tone)
    return found


def confirm(ids: Sequence[int], *, actor: User, scope: Scope, note: str = "") -> acts.Done:
    """Confirm those in view that somebody else handed in; the others are named with their reason.

    Who brought a ledger in does not confirm what stands in it.
    """
    seen = dict(certificates(scope).filter(pk__in=ids).values_list("pk", "batch_id"))
    own = _own_batches(actor, {batch for batch in seen.values() if batch is not None})
    going = [pk for pk in ids if pk in seen and seen[pk] not in own]
    done = acts.confirm(going, actor=actor, note=note)
    done.problems |= {pk: "own_upload" for pk, batch in seen.items() if batch in own}
    done.problems |= {pk: "not_found" for pk in ids if pk not in seen}
    return done


def said(done: acts.Done) -> str:
    """One sentence about what was confirmed and what was not."""
    words = [_t("已确认 %(n)s 本。") % {"n": len(done.moved)}]
    counts: dict[str, int] = {}
    for code in done.problems.values():
        counts[code] = counts.get(code, 0) + 1
    words += [
        _t("%(n)s 本未确认：%(why)s。") % {"n": n, "why": acts.PROBLEMS[code]} for code, n in counts.items()
    ]
    return "".join(words)


def _own_batches(actor: User, batches: Iterable[object]) -> set[object]:
    if actor.holder_id is None:
        return set(batches)
    mine = Batch.objects.filter(pk__in=list(batches), uploaded_by__holder_id=actor.holder_id)
    return set(mine.values_list("pk", flat=True))


def _of_number(row: Certificate, today: date) -> list[str]:
    verdict = numbering.read(row.number)
    by_verdict = {
        numbering.BROKEN: ["shape"],
        numbering.UNKNOWN_SHAPE: ["shape"],
        numbering.UNKNOWN_LETTER: ["letter"],
        numbering.PLAUSIBLE: ["unusual"],
    }
    codes = list(by_verdict.get(verdict.verdict, []))
    if row.level_id is not None and numbering.level_disagrees(verdict, row.level_id):
        codes.append("level")
    if row.issued_on is None:
        return [*codes, "undated"]
    if numbering.year_disagrees(verdict, row.issued_on):
        codes.append("year")
    if row.issued_on > today:
        codes.append("future")
    since = [one.since for one in numbering.FORMATS if one.code == verdict.format]
    if since and row.issued_on < min(since):
        codes.append("early")
    return codes


def _of_body(row: Certificate, bodies: dict[str, list[Body]]) -> list[str]:
    """The first thirteen characters of a skill-level number name its body."""
    if numbering.read(row.number).format not in (numbering.SKILL, numbering.SKILL_TOP):
        return []
    known = bodies.get(row.number[:13])
    if not known:
        return ["body"]
    if row.issued_on is None or any(_held(body, row.issued_on) for body in known):
        return []
    return ["body_then"]


def _held(body: Body, day: date) -> bool:
    return body.valid_from <= day and (body.valid_to is None or body.valid_to >= day)


def _bodies(prefixes: set[str]) -> dict[str, list[Body]]:
    found: dict[str, list[Body]] = {}
    coded = Concat("letter", "ministry_code", "province_code", "serial")
    for body in Body.objects.annotate(coded=coded).filter(coded__in=prefixes):
        found.setdefault(body.coded, []).append(body)
    return found


def _twins(rows: Sequence[Certificate]) -> set[int]:
    """Those whose number is somebody else's but for zeros in front."""
    pairs: dict[str, Certificate] = {}
    for row in rows:
        if row.number.isdigit() and len(row.number) == _OLD_LENGTH:
            pairs[f"000{row.number}"] = row
        elif row.number.isdigit() and row.number.startswith("000") and len(row.number) == _OLD_LENGTH + 3:
            pairs[row.number[3:]] = row
    held = Certificate.objects.filter(number__in=list(pairs)).values_list("number", "person_id")
    return {pairs[number].pk for number, person in held if person != pairs[number].person_id}


def _others(rows: Sequence[Certificate]) -> set[int]:
    """Those whose holder has another standing certificate of the same family, trade and level."""
    people = {row.person_id for row in rows}
    held = (
        Certificate.objects.filter(person_id__in=people, replaces=None)
        .exclude(state__in=(Certificate.State.REVOKED, Certificate.State.SUPERSEDED))
        .exclude(occupation_text="")
        .values_list("pk", "person_id", "family", "level_id", F("occupation_text"))
    )
    alike: dict[tuple[object, ...], set[int]] = {}
    for pk, *key in held:
        alike.setdefault(tuple(key), set()).add(pk)
    return {pk for group in alike.values() if len(group) > 1 for pk in group}
