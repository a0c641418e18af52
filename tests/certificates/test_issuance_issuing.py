"""Issuing: numbers are dense, what is signed is what was stored, and nothing happens twice."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, transaction
from django.utils import timezone

from certificates.issuance import cose, issuing, numbers, payload, rules, sealing, validity
from certificates.issuance.admin import NumberRuleForm
from certificates.issuance.models import Attestation, Certificate, Order
from certificates.issuance.rules import Space
from registry.audit.verify import Report, verify_table
from registry.lib.scope import Scope
from registry.people import merging
from registry.people.models import Document, Person
from tests import certified


@pytest.mark.django_db
def test_an_order_becomes_certificates_whose_signature_covers_what_was_stored() -> None:
    stage = certified.build(5, issued_on=dt.date(2026, 11, 2))
    prefix = f"S000065{stage.body.pk:06d}264"
    assert [one.number for one in stage.certificates] == [f"{prefix}{n:06d}" for n in range(1, 6)]
    assert [one.person_id for one in stage.certificates] == [who.pk for who in stage.people]
    public = Ed25519PublicKey.from_public_bytes(bytes(stage.key.public))
    for certificate, attestation, person in zip(
        stage.certificates, stage.attestations, stage.people, strict=True
    ):
        envelope = cose.envelope(
            bytes(attestation.payload), stage.key.kid, stage.key.suite, bytes(attestation.signature)
        )
        opened = cose.open_envelope(envelope)
        public.verify(opened.signature, opened.signed)
        claims = payload.read(opened.payload)
        assert claims.number == certificate.number == attestation.number
        assert (claims.status_list, claims.status_index) == (
            attestation.status_list_id,
            attestation.status_index,
        )
        holder = sealing.opened(attestation.pk, attestation.sealed)
        assert holder.name == person.name
        assert claims.check == payload.check_of(holder.name, holder.document_number, claims.salt)
        assert person.name not in bytes(attestation.payload).decode("utf-8", "replace")
    order = Order.objects.get()
    assert (order.state, order.prepared, order.signed, order.refused) == ("done", 5, 5, 0)


@pytest.mark.django_db
def test_numbers_stay_dense_whatever_is_refused_undone_or_asked_again() -> None:
    stage = certified.build(2)
    year = dt.date.today().year % 100
    space = Space(f"S000065{stage.body.pk:06d}{year:02d}4", 6)
    # Somebody else's ledger reported the next number but one.
    Certificate.objects.create(
        person=stage.people[0],
        family="skill_level",
        number=space.number(4),
        region_code=certified.COUNTY,
        basis="reported",
    )
    with pytest.raises(RuntimeError), transaction.atomic():
        assert numbers.allocate({space: 3})[space] == [3, 5, 6]
        raise RuntimeError
    gone, unnamed, fine = certified.people(3)
    Person.objects.filter(pk=gone.pk).update(restricted_at=timezone.now())
    Document.objects.filter(person=unnamed).delete()
    order = certified.order(stage.body, [gone, stage.people[0], fine, unnamed, fine])
    issuing.issue(order.pk)
    issuing.issue(order.pk)
    order.refresh_from_db()
    assert (order.state, order.signed, order.refused) == ("done", 1, 4)
    assert list(order.lines.order_by("pk").values_list("refusal", flat=True)) == [
        "person_gone",
        "held_already",
        "",
        "document_missing",
        "held_already",
    ]
    # A level without a code in the number, and a body that nobody filed.
    top = certified.order(stage.body, certified.people(1), level=8)
    unfiled = certified.order(stage.body, certified.people(1), prefix=" ")
    unfiled.lines.update(entry={**unfiled.lines.get().entry, "prefix": ""})
    for one in (top, unfiled):
        issuing.issue(one.pk)
    assert top.lines.get().refusal == "level_unnumbered"
    assert unfiled.lines.get().refusal == "body_unnumbered"
    more = certified.issue(stage.body, certified.people(2))
    assert [one.number for one in more] == [space.number(5), space.number(6)]
    assert Attestation.objects.filter(state="prepared").count() == 0
    # What is on record: every intent and certificate of ours is as history says.
    report = Report()
    verify_table(Scope.all(), "issuance_attestation", report)
    assert report.ok and report.rows == 2 * 5
    last = numbers.allocate({Space("Q", 2): 98})[Space("Q", 2)][-1]
    assert (last, numbers.allocate({Space("Q", 2): 3})) == (98, {Space("Q", 2): [99]})


@pytest.mark.django_db
def test_other_families_are_numbered_by_their_own_rules_and_end_when_theirs_end() -> None:
    body = certified.body()
    (special,) = certified.issue(body, certified.people(1), family="special", level=None, title="手工地毯")
    assert special.number == f"ZX653101{body.pk:05d}{dt.date.today():%y}000001" and special.name == "手工地毯"
    (refused,) = certified.order(body, certified.people(1), family="qualification").lines.all()
    issuing.issue(refused.order_id)
    refused.refresh_from_db()
    assert refused.refusal == "no_rule"
    for row in rules.shipped(rules.SHIPPED):
        assert rules.written(rules.parse(row["segments"])) == row["segments"]
    for unfit in ("year:2 serial:6", "body serial:6 level", "body year:3 serial:6", "body year:x serial:6"):
        form = NumberRuleForm({"segments": unfit})
        assert "segments" in form.errors, unfit
    assert validity.last_day("x", dt.date(2026, 1, 31)) is None


@pytest.mark.django_db
def test_intents_go_along_when_two_records_are_one_person_and_change_in_nothing_else() -> None:
    stage = certified.build(2)
    survivor, absorbed = stage.people
    done = merging.merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, reason="同一人", actor=None)
    assert set(Attestation.objects.values_list("person_id", flat=True)) == {survivor.pk}
    merging.undo(merge_id=done.pk, reason="有误", actor=None)
    assert [row.person_id for row in stage.attestations] == [survivor.pk, absorbed.pk]
    report = Report()
    verify_table(Scope.all(), "issuance_attestation", report)
    assert report.ok, report.differences
    first = Attestation.objects.filter(pk=stage.attestations[0].pk)
    for change in (
        {"number": "S1"},
        {"payload": b"x"},
        {"printed": {"body": "别处"}},
        {"signature": b"x" * 64},
        {"state": "void", "signature": None, "signed_at": None},
        {"person_id": absorbed.pk, "number": "S1"},
    ):
        with pytest.raises(IntegrityError, match="stays as stored"), transaction.atomic():
            first.update(**change)
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        first.delete()
