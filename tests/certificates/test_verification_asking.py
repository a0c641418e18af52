"""Checking a certificate: who shows the number with the name or the code is answered, and nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from certificates.issuance.models import Certificate
from certificates.verification import asking
from certificates.verification.asking import Asker
from certificates.verification.models import Lookup
from registry.lib import figures
from tests import certified

pytestmark = pytest.mark.django_db

SOMEBODY = Asker("192.0.2.7", "192.0.2.0/24")


def ask(number: str, name: str, asker: Asker = SOMEBODY) -> dict:
    return asking.read(asking.by_number(number, name, asker))


def test_a_certificate_is_answered_for_by_number_and_name_or_by_code_and_masked() -> None:
    stage = certified.build(1)
    (certificate,), (person,), (attestation,) = stage.certificates, stage.people, stage.attestations
    by_number = ask(f" {certificate.number.lower()} ", person.name)
    by_code = asking.read(asking.by_code(attestation.code, SOMEBODY))
    assert by_number == by_code | {"checked_at": by_number["checked_at"]}
    assert by_code["answer"] == "valid" and by_code["number"] == certificate.number
    assert person.name not in str(by_code) and by_code["holder"].count("*") == 1
    for number, name in (
        (certificate.number, "别人"),
        (certificate.number, ""),
        ("", person.name),
        (certificate.number[:-1], person.name),
    ):
        assert ask(number, name) == {"answer": "not_found"}
    assert [one.answer for one in Lookup.objects.order_by("id")] == ["valid"] * 2 + ["not_found"] * 4
    assert {bytes(one.asker) for one in Lookup.objects.all()} == {SOMEBODY.keyed}


def test_answers_follow_the_state_and_what_is_only_reported_is_said_to_be() -> None:
    stage = certified.build(1)
    (certificate,), (person,) = stage.certificates, stage.people
    for state in ("suspended", "revoked"):
        Certificate.objects.filter(pk=certificate.pk).update(state=state, state_on="2026-11-20")
        told = ask(certificate.number, person.name)
        assert (told["answer"], told["state_on"]) == (state, "2026-11-20")
    Certificate.objects.create(
        person=person, number="N1", family="skill_level", region_code="653101", basis="reported"
    )
    assert ask("N1", person.name)["answer"] == "unconfirmed"


def test_after_too_many_misses_nothing_is_looked_for_until_something_was_computed(client: Client) -> None:
    stage = certified.build(1)
    (certificate,), (person,) = stage.certificates, stage.people
    most = figures.limits("verify.miss")[0].n
    for n in range(most):
        assert ask(f"NO{n}", "无名") == {"answer": "not_found"}
    refused = ask(certificate.number, person.name)
    assert refused["answer"] == "wait" and refused["seconds"] > 0
    elsewhere = Asker("198.51.100.1", "198.51.100.0/24")
    assert ask(certificate.number, person.name, elsewhere)["answer"] == "valid"
    proved = Asker("192.0.2.7", "192.0.2.0/24", proved=True)
    assert ask(certificate.number, person.name, proved)["answer"] == "valid"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0123-4567-89ab-cdef", "0123456789ABCDEF"),
        ("O123 4567 89ab cdIL", "0123456789ABCD11"),
        ("0123456789ABCDEU", None),
        ("0123456789ABCDE", None),
        ("", None),
    ],
)
def test_codes_are_read_as_people_write_them(text: str, code: str | None) -> None:
    assert asking.code_of(text) == code
