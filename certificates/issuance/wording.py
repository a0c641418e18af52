"""How certificates, what was done to them and lists of measures read on pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _

from certificates.issuance import acts, reasons
from certificates.issuance.act_models import Act, ActKind, Measure
from certificates.issuance.answers import REPORTED, UNCONFIRMED, WORDS, of_code
from certificates.issuance.models import Attestation, Certificate


class Told(NamedTuple):
    """The word of a certificate's answer and its colour."""

    words: str
    tone: str


_TONES = {"valid": "ok", "suspended": "warn", "revoked": "bad", "ended": "mute", UNCONFIRMED: "mute"}


def answer_of(row: Certificate, code: str) -> Told:
    """For whoever sees the record itself: of what ended, they may know which of the two it is."""
    if code == "ended":
        replaced = row.state == Certificate.State.SUPERSEDED
        return Told(_("已换发") if replaced else _("已过期"), _TONES[code])
    words = REPORTED if code == UNCONFIRMED else WORDS[of_code(code)]
    return Told(str(words), _TONES[code])


class Step(NamedTuple):
    """One line of a certificate's history."""

    act: Act
    reason: str
    who: str


def history(found: Iterable[Act], *, staff: bool) -> list[Step]:
    """What was done, in order; holders read the public wording, staff who asked and who agreed."""
    steps = []
    for act in found:
        label = reasons.labels(act.kind).get(act.reason, act.reason)
        reason = label if staff else reasons.public(act.kind, act.reason)
        people = [str(person) for person in (act.asked_by, act.agreed_by) if person is not None]
        steps.append(Step(act, reason, "、".join(people) if staff else ""))
    return steps


def attestation(row: Certificate) -> Attestation | None:
    """The stored intent of a certificate of ours; None for one that somebody reports."""
    return (
        Attestation.objects.select_related("key")
        .only("code", "signed_at", "serial", "key__kid")
        .filter(pk=row.pk)
        .first()
    )


def problem(code: str) -> str:
    """Why something cannot be done to a certificate; empty for no reason."""
    return str(acts.PROBLEMS.get(code, code)) if code else ""


def begun(measure: Measure) -> str:
    """What is said after something was begun on one certificate."""
    if measure.state == Measure.State.WAITING:
        return _("已提交，须由另一人审核后生效。")
    return _("已办理：%(what)s。") % {"what": ActKind(measure.kind).label}
