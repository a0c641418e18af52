"""A certificate in another's place: two persons, one intent, one achievement; what erasing leaves; what is reported."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from certificates.issuance import acts, answers, issuing, replacing, reported, sealing, signing
from certificates.issuance.entries import Refused
from certificates.issuance.models import Attestation, Certificate
from certificates.issuance.superseding import GONE
from registry.audit.verify import verify
from registry.lib.scope import Scope
from registry.lib.text import name_key
from registry.people.models import Person
from registry.review import errors
from registry.review import services as review
from registry.review.models import Case
from registry.rights import defaults, erasing
from tests import certified
from tests.certified import Stage

pytestmark = pytest.mark.django_db


def agree(case: Case, stage: Stage) -> None:
    review.decide(
        case_id=case.pk, step=case.step, outcome="approve", actor=stage.signer, version=case.row_version
    )


def proved() -> None:
    """Every row in its commitments; people were put on record without any."""
    differences = [one for one in verify(Scope.all()).differences if one.table_name.startswith("issuance")]
    assert differences == []


def test_a_correction_is_a_new_certificate_and_the_old_one_is_superseded() -> None:
    stage = certified.build(2, issued_on=dt.date(2026, 3, 2), level=4)
    old, other = stage.certificates
    with pytest.raises(ValidationError, match="没有可更正"):
        replacing.ask(old.pk, reason="name", actor=stage.clerk)
    Person.objects.filter(pk=old.person_id).update(name="新名", name_key=name_key("新名"))
    assert replacing.differing(old) == [("姓名", stage.people[0].name, "新名")]
    case = replacing.ask(
        old.pk, reason="name", actor=stage.clerk, changes={"direction": "手工焊", "person_id": "x"}
    )
    assert replacing.waiting(old) and not replacing.waiting(other)
    with pytest.raises(errors.SamePerson):
        review.decide(case_id=case.pk, step="sign", outcome="approve", actor=stage.clerk, version=1)
    assert replacing.carry_out(old.pk) is None, "nobody has agreed yet"
    agree(case, stage)
    made = replacing.carry_out(old.pk)
    assert not replacing.waiting(old)
    assert made is not None and replacing.carry_out(old.pk) == made
    new, attestation = Certificate.objects.get(pk=made), Attestation.objects.get(pk=made)
    old.refresh_from_db()
    assert (old.state, old.superseded_by_id, new.replaces_id, new.issued_on) == (
        "superseded",
        new.pk,
        old.pk,
        old.issued_on,
    )
    assert (attestation.direction, sealing.opened(made, attestation.sealed).name) == ("手工焊", "新名")
    assert replacing.differing(new) == []
    assert answers.of_ids([old.pk, new.pk]) == {old.pk: "ended", new.pk: "valid"}
    assert (old.first_high, new.first_high) == (True, False)
    act = old.acts.get()
    assert (act.asked_by, act.agreed_by, act.reason, act.other_id) == (
        stage.clerk,
        stage.signer,
        "name",
        new.pk,
    )
    with pytest.raises(ValidationError, match="已换发"):
        replacing.ask(old.pk, reason="name", actor=stage.clerk)
    # Revoked while its replacement waits to be signed: the replacement comes to nothing, its number stays its own.
    case = replacing.ask(other.pk, reason="correction", actor=stage.clerk)
    agree(case, stage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "sign_these", lambda *given, **more: [])
        patch.setattr(replacing.issuing, "sign_these", lambda *given, **more: [])
        assert replacing.carry_out(other.pk) is None
    waiting = Attestation.objects.get(source_id=str(other.pk))
    acts.move("revoke", [acts.Asked(other.pk, "fraud")], actor=stage.signer)
    assert replacing.carry_out(other.pk) is None
    waiting.refresh_from_db()
    assert (waiting.state, Certificate.objects.count()) == ("void", 3)
    assert replacing._check([_subject(other, stage)]) == {0: Refused(GONE)}
    proved()


def _subject(old: Certificate, stage: Stage) -> Any:
    from certificates.issuance.hooks import Subject
    from certificates.issuance.sealing import Holder

    entry = replacing.entry_of(old, {})
    return Subject(entry, Holder("甲", "id_card", "1"), old.family, stage.body.pk, stage.body.name)


def test_erasing_a_holder_empties_the_intents_and_leaves_what_proves_that_they_were() -> None:
    stage = certified.build(2)
    defaults.load()
    gone, stays = stage.attestations
    order = certified.order(stage.body, [Person.objects.get(pk=gone.person_id)], level=4)
    issuing.prepare(order.pk)
    done = erasing.erase([gone.person_id], actor=None, basis="asked", ignore_retention=True)
    assert done.counts["certificates"] == 2, done
    # What waited for its signature comes to nothing, and the order ends with a refusal.
    issuing.issue(order.pk)
    order.refresh_from_db()
    assert (order.state, order.signed, order.refused) == ("done", 0, 1)
    assert order.lines.get().refusal == "person_gone"
    before = (gone.number, bytes(gone.signature or b""), gone.status_index)
    for one in (gone, stays):
        one.refresh_from_db()
    assert (bytes(gone.sealed), bytes(gone.payload), gone.printed) == (b"", b"", {})
    assert (gone.number, bytes(gone.signature or b""), gone.status_index) == before
    assert sealing.opened(stays.pk, stays.sealed).name == stage.people[1].name
    with pytest.raises(ValueError, match="erased"):
        sealing.opened(gone.pk, gone.sealed)
    proved()


def test_what_speaks_against_a_reported_certificate() -> None:
    stage = certified.build(0)
    from certificates.evaluations.models import Body

    Body.objects.create(
        institution=stage.body,
        kind="third_party",
        letter="S",
        province_code="65",
        serial="000123",
        filed_name=stage.body.name,
        valid_from=dt.date(2020, 1, 1),
        valid_to=dt.date(2024, 12, 31),
    )
    one, two = certified.people(2)

    def put(number: str, who: Person = one, **more: Any) -> Certificate:
        given = {"issued_on": dt.date(2024, 4, 10), "level_id": 3, "occupation_text": "焊工", **more}
        return Certificate.objects.create(
            person=who,
            family="skill_level",
            number=number,
            region_code=certified.COUNTY,
            basis="reported",
            **given,
        )

    rows = {
        "clean": put("S000065000123244000001", occupation_text="电工"),
        "level": put("S000065000123244000002", level_id=4, occupation_text="钳工"),
        "year": put("S000065000123234000003", occupation_text="车工"),
        "body": put("S000065000999244000004", occupation_text="木工"),
        "body_then": put("S000065000123254000005", issued_on=dt.date(2025, 4, 10), occupation_text="漆工"),
        "future": put(
            f"S000065000123{(timezone.localdate().year + 1) % 100:02d}4000006",
            issued_on=timezone.localdate() + dt.timedelta(days=366),
            occupation_text="瓦工",
        ),
        "undated": put("S000065000123244000007", issued_on=None, occupation_text="水工"),
        "shape": put("S00006500012324400008", occupation_text="路工"),
        "second": put("S000065000123244000009", who=two),
        "twin": put("1234567890123", who=two, level_id=None, occupation_text="厨师"),
    }
    put("S000065000123244000010", who=two)
    put("0001234567890123", who=one, level_id=None, occupation_text="面点师")
    found = reported.findings(list(rows.values()))
    codes = {name: {one.code for one in found[row.pk]} for name, row in rows.items()}
    assert codes.pop("clean") == set()
    assert codes.pop("twin") == {"unusual", "twin"}
    assert codes.pop("future") == {"future", "body_then"}
    assert {name for name, said in codes.items() if said != {name}} == set(), codes
