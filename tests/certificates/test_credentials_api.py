"""The API of certificates: status, signed contents, changes; each by a key of an institution's own system."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from django.test import Client

from certificates.evaluations import services as evaluations
from certificates.issuance import cose, issuing, keys
from certificates.issuance.models import Attestation, Certificate, Order, SigningKey
from certificates.verification.models import Lookup
from registry.accounts.models import Role, User
from registry.apikeys import services as apikeys
from registry.lib import figures
from registry.lib.figures import Limit
from registry.review import services as review
from registry.review.errors import SamePerson
from registry.review.models import Case
from tests import certified, exams
from tests.exams import D
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def stage() -> certified.Stage:
    return certified.build(3)


def bearing(stage: certified.Stage, *scopes: str) -> Client:
    """A system of the body with a key for these scopes."""
    made = apikeys.issue(
        institution_id=stage.body.pk,
        issuer_role=Role.ES,
        purpose="人事系统",
        scopes=list(scopes),
        actor=stage.signer,
    )
    return Client(headers={"authorization": f"Bearer {made.token}"})


def asked(client: Client, place: str, **body: Any) -> Any:
    answer = client.post(f"/api/certificates/{place}", body, content_type=JSON)
    return answer.json() if answer.status_code == 200 else answer.status_code


def link(row: Attestation) -> str:
    envelope = cose.envelope(bytes(row.payload), row.key.kid, row.key.suite, bytes(row.signature or b""))
    return f"https://register.example/v/{row.code}#{cose.fragment(envelope)}"


def test_status_and_signed_content_answer_alike_and_name_nobody(stage: certified.Stage) -> None:
    client = bearing(stage, "certificate:verify")
    first, second, third = stage.attestations
    name = stage.people[0].name
    Certificate.objects.filter(pk=second.pk).update(state="revoked", state_on=dt.date.today())
    Certificate.objects.filter(pk=third.pk).update(expires_on=dt.date(2020, 1, 1))
    told = asked(client, "status", number=first.number, name=name)
    assert (told["answer"], told["certificate"]["holder"] != name) == ("valid", True)
    assert told["words"].startswith("有效（联网核对 ")
    for row, answer in ((first, "valid"), (second, "revoked"), (third, "ended")):
        by_code = asked(client, "status", code=f"{row.code[:8]} {row.code[8:].lower()}")
        signed = asked(client, "verify", envelope=link(row))
        assert by_code["answer"] == signed["answer"] == answer
        assert signed["signed"] and signed["certificate"]["number"] == row.number
    # Either alone finds nothing, and nobody is found by another's name.
    assert asked(client, "status", number=first.number) == 422
    assert asked(client, "status", number=first.number, name="王五")["answer"] == "not_found"
    assert asked(client, "status", code="0" * 16)["answer"] == "not_found"
    assert set(Lookup.objects.values_list("way", flat=True)) == {"api"}


def test_what_is_not_signed_by_us_or_not_on_record_is_not_ours(stage: certified.Stage) -> None:
    client = bearing(stage, "certificate:verify")
    row = stage.attestations[0]
    good = link(row).rpartition("#")[2]
    raw = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    raw[-1] ^= 1
    for text in (cose.fragment(bytes(raw)), "", "AA", "%%", good + "A"):
        told = asked(client, "verify", envelope=text)
        assert (told["answer"], told["signed"]) == ("not_ours", False), text
    # Signed with the body's own key, and never issued: the signature is told, the answer stays no.
    forged = bytes(row.payload).replace(row.number.encode(), row.number[:-1].encode() + b"9")
    signature = keys.signer(row.key).sign(cose.to_be_signed(forged, row.key.kid, row.key.suite))
    told = asked(
        client,
        "verify",
        envelope=cose.fragment(cose.envelope(forged, row.key.kid, row.key.suite, signature)),
    )
    assert (told["answer"], told["signed"], told["certificate"]) == ("not_ours", True, None)
    # What stands on record is answered by the record, also after its key was lost.
    keys.mark_compromised(row.key_id, actor=None, reason="遗失")
    told = asked(client, "verify", envelope=good)
    assert (told["answer"], told["key_state"]) == ("valid", "compromised")


def test_a_system_follows_its_own_certificates_and_no_others(stage: certified.Stage) -> None:
    other = certified.build(2, name="和田红柳职业技能评价中心")
    client = bearing(stage, "certificate:read")
    page = client.get("/api/certificates/changes", {"limit": 2}).json()
    assert (len(page["changes"]), page["more"]) == (2, True)
    rest = client.get("/api/certificates/changes", {"after": page["cursor"]}).json()
    seen = [each["certificate"]["number"] for each in page["changes"] + rest["changes"]]
    assert sorted(seen) == [row.number for row in stage.certificates]
    Certificate.objects.filter(pk=other.certificates[0].pk).update(state="revoked")
    Certificate.objects.filter(pk=stage.certificates[1].pk).update(state="suspended")
    last = client.get("/api/certificates/changes", {"after": rest["cursor"]}).json()
    assert [each["certificate"]["answer"] for each in last["changes"]] == ["suspended"]
    assert client.get("/api/certificates/changes", {"after": -1}).status_code == 422
    # A key opens what it says and no more.
    assert asked(client, "status", code=stage.attestations[0].code) == 403
    assert bearing(stage, "certificate:verify").get("/api/certificates/changes").status_code == 403
    assert Client().get("/api/certificates/changes").status_code == 401


def test_misses_of_an_account_have_a_budget(
    stage: certified.Stage, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    sign_in(client, make_user("guesser", Role.PC, institution=stage.body))
    limits = figures.limits
    monkeypatch.setattr(
        figures, "limits", lambda name, on=None: (Limit(2, 60),) if "verify" in name else limits(name, on)
    )
    guesses = [asked(client, "status", code=f"{n:016}") for n in range(3)]
    assert [guess if guess == 429 else guess["answer"] for guess in guesses] == ["not_found"] * 2 + [429]


def test_a_system_hands_an_order_in_once_and_a_person_signs_it() -> None:
    world = exams.World()
    who = certified.people(2)
    exam = world.locked(world.exam(who), (D(90), D(90)), (D(10), D(90)))
    exam = evaluations.close(exam.pk, actor=world.signer)
    keys.publish(world.school.pk, dt.date.today().year, actor=None)
    stage = certified.Stage(world.school, world.clerk, world.signer, SigningKey.objects.get(), who, [])
    client = bearing(stage, "certificate:issue")
    body = {"exam": exam.number, "issued_on": dt.date.today().isoformat()}

    def hand_in(call: str) -> Any:
        return client.post("/api/certificates/orders", body, JSON, headers={"idempotency-key": call})

    assert client.post("/api/certificates/orders", body, JSON).status_code == 400
    first, again = hand_in("A"), hand_in("A")
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json()), first.content
    order = first.json()
    assert (order["state"], order["total"], order["refused"]) == ("waiting", 2, 1)
    assert hand_in("B").status_code == 422 and Order.objects.count() == 1  # of a batch there is one

    # Whoever issued the key is the one who handed it in: another signatory agrees.
    row = Order.objects.get()
    with pytest.raises(SamePerson):
        _agree(row, world.signer)
    _agree(row, make_user("es-2", Role.ES, institution=world.school))
    issuing.issue(row.pk)
    place = f"/api/certificates/orders/{row.pk}"
    done = client.get(place).json()
    assert (done["state"], done["signed"], done["refused"]) == ("done", 1, 1)
    passed, failed = client.get(f"{place}/lines").json()["lines"]
    assert (passed["number"], passed["stage"]) == (Certificate.objects.get().number, "signed")
    assert (failed["number"], failed["refusal"], failed["why"]) == (None, "not_passed", "成绩未合格或未锁定")
    elsewhere = bearing(certified.build(0), "certificate:issue")
    assert elsewhere.get(place).status_code == 404


def _agree(row: Order, actor: User) -> None:
    case = Case.objects.get(pk=row.case_id)
    review.decide(case_id=case.pk, step="sign", outcome="approve", actor=actor, version=case.row_version)
