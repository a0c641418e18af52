"""A worker of its own, as in production: whoever is asked after a revocation says the same before a minute is over."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from django.urls import reverse

from certificates.issuance import measures, reasons, status_publishing
from certificates.issuance.measures import Line
from certificates.issuance.models import Attestation
from registry.accounts.models import Role
from registry.review import services as review
from registry.review.models import Case
from tests import certified, killing
from tests.registry.places import make_user

MINUTE = 60.0
MANY = 21  # more than are done while somebody waits for the page


def answers(row: Attestation, name: str) -> dict[str, str]:
    """What each channel says of a certificate."""
    anybody = Client()
    page = anybody.post("/v/", {"what": row.number, "name": name}).content.decode()
    place = reverse("wellknown:status", args=[row.status_list_id, "revocation"])
    bits = status_publishing.decode(
        json.loads(anybody.get(place).content)["credentialSubject"]["encodedList"]
    )
    revoked = bool(bits[row.status_index >> 3] & (0x80 >> (row.status_index & 7)))
    return {
        "page": page.partition('data-answer="')[2].partition('"')[0],
        "program": anybody.get(f"/v/{row.code}.json").json()["answer"],
        "list": "revoked" if revoked else "valid",
    }


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_revocation_is_on_every_channel_within_a_minute(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    stage = certified.build(MANY)
    reasons.load()
    status_publishing.publish_due()
    row, name = stage.attestations[-1], stage.people[-1].name
    assert set(answers(row, name).values()) == {"valid"}
    other = make_user("c2", Role.C2, region_id=stage.body.region_id)
    drawn = measures.draw_up(
        "revoke", [Line(one.number, "fraud") for one in stage.certificates], actor=stage.signer
    )
    case = Case.objects.get(pk=measures.submit(drawn.pk, actor=stage.signer).case_id)
    with killing.worker("certificates", "prompt"):
        began = time.monotonic()
        review.decide(
            case_id=case.pk,
            step=case.step,
            outcome="approve",
            actor=other,
            version=case.row_version,
            reason="",
        )
        while set(said := answers(row, name).values()) != {"revoked"}:
            assert time.monotonic() - began < MINUTE, said
            time.sleep(0.2)
