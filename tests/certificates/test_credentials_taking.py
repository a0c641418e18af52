"""What a holder takes away, over HTTP: credentials that hold under published keys, transcripts that can be checked."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from certificates.credentials import jwt, making, transcripts
from certificates.credentials.models import Credential, Transcript
from certificates.issuance import keys, status_publishing
from certificates.issuance.models import Certificate
from registry.accounts.models import Role
from registry.audit.models import Action
from registry.identity.masking import mask_name
from registry.lib.data_integrity import holds, of_multikey
from registry.rights import erasing, terms
from tests import certified
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> certified.Stage:
    return certified.build(2)


@pytest.fixture
def holder(stage: certified.Stage, client: Client) -> Client:
    person = stage.people[0]
    person.user = make_user("holder", Role.TRN)
    person.save()
    return sign_in(client, person.user)


def take(holder: Client, certificate: Certificate, form: str) -> bytes:
    """Ask, let the worker sign, download."""
    assert holder.post(f"/credentials/{certificate.pk}/{form}/").status_code == 302
    made = Credential.objects.get(certificate=certificate, form=form)
    assert f"/credentials/{made.pk}/file" not in holder.get("/credentials/").content.decode()
    making.make(made.pk)
    making.make(made.pk)  # again changes nothing
    assert f"/credentials/{made.pk}/file" in holder.get("/credentials/").content.decode()
    answer = holder.get(f"/credentials/{made.pk}/file")
    assert answer["Cache-Control"] == "no-store" and "attachment" in answer["Content-Disposition"]
    return bytes(answer.content)


def test_a_holder_takes_each_form_and_it_holds_under_the_keys_that_anybody_may_fetch(
    stage: certified.Stage, holder: Client
) -> None:
    mine, other = stage.certificates
    stranger = Client()
    named = {
        method["id"]: of_multikey(method["publicKeyMultibase"])
        for method in stranger.get(f"/credentials/bodies/{stage.body.pk}/did.json").json()[
            "verificationMethod"
        ]
    }
    vc, badge = (json.loads(take(holder, mine, form)) for form in ("vc", "badge"))
    for made in (vc, badge):
        assert holds(made, named[made["proof"]["verificationMethod"]])
        assert made["issuer"]["id"] == made["proof"]["verificationMethod"].partition("#")[0]
    assert vc["credentialSubject"]["name"] == stage.people[0].name
    assert vc["credentialSubject"]["certificateNumber"] == mine.number
    assert certified.identity(1)[6:14] not in json.dumps(vc)  # the day of birth within the number
    token = take(holder, mine, "token").decode()
    head, claims, _signature, _signed = jwt.parts(token)
    place = head["kid"].removeprefix("http://127.0.0.1:8000")
    assert stranger.get(place).json()["kid"] == stage.key.kid and claims["id"] == badge["id"]
    told = Action.objects.filter(code="credentials.make").order_by("id")
    assert [action.after["form"] for action in told] == ["vc", "badge", "token"]

    # Nobody takes another's, and nothing is made twice.
    assert holder.post(f"/credentials/{other.pk}/vc/").status_code == 404
    holder.post(f"/credentials/{mine.pk}/vc/")
    assert Credential.objects.filter(certificate=mine, form="vc").count() == 1


def test_what_does_not_hold_and_what_cannot_be_signed_becomes_no_credential(
    stage: certified.Stage, holder: Client
) -> None:
    mine = stage.certificates[0]
    keys.mark_compromised(stage.key.pk, actor=None, reason="遗失")
    holder.post(f"/credentials/{mine.pk}/vc/")
    made = Credential.objects.get()
    with pytest.raises(keys.NoKey):
        making.make(made.pk)
    made.refresh_from_db()
    assert made.state == "failed" and made.content is None
    assert Client().get(f"/credentials/bodies/{stage.body.pk}/did.json").status_code == 404
    assert Client().get(f"/credentials/keys/{stage.key.kid}.json").status_code == 404
    Certificate.objects.filter(pk=mine.pk).update(state="suspended", state_on=dt.date.today())
    page = holder.post(f"/credentials/{mine.pk}/badge/", follow=True).content.decode()
    assert "不是有效状态" in page and Credential.objects.count() == 1


def test_a_transcript_is_checked_by_its_code_and_its_bytes_and_can_be_taken_back(
    stage: certified.Stage, holder: Client
) -> None:
    person, mine = stage.people[0], stage.certificates[0]
    assert holder.post("/credentials/transcripts/").status_code == 302
    made = Transcript.objects.get()
    pdf = holder.get(f"/credentials/transcripts/{made.pk}.pdf").content
    found = holder.get(f"/credentials/transcripts/{made.pk}.json").json()
    assert pdf.startswith(b"%PDF") and found["holder"]["name"] == person.name
    sections = {each["name"]: each["rows"] for each in found["sections"]}
    assert [row["证书编号"] for row in sections["certificates"]] == [mine.number]
    assert set(sections) <= set(transcripts.PARTS)

    stranger = Client()
    place = f"/credentials/transcripts/{made.code}/"
    page = stranger.get(place)
    text = page.content.decode()
    assert mask_name(person.name) in text and person.name not in text and mine.number not in text
    assert "noindex" in page["X-Robots-Tag"]

    def compared(data: bytes) -> str:
        file = SimpleUploadedFile("档案.pdf", data, content_type="application/pdf")
        return stranger.post(place, {"file": file}).content.decode()

    assert "没有改动" in compared(pdf) and "不一致" in compared(pdf + b" ")
    assert stranger.get("/credentials/transcripts/0000000000000000/").status_code == 404
    assert Client().get(f"/credentials/transcripts/{made.pk}.pdf").status_code != 200

    assert holder.post(f"/credentials/transcripts/{made.pk}/withdraw/").status_code == 302
    assert "已由本人收回" in stranger.get(place).content.decode()
    assert holder.get(f"/credentials/transcripts/{made.pk}.pdf").status_code == 404
    assert Transcript.objects.get().checks == 4


def test_what_is_over_is_destroyed_and_its_fingerprint_stays(stage: certified.Stage, holder: Client) -> None:
    holder.post("/credentials/transcripts/")
    holder.post(f"/credentials/{stage.certificates[0].pk}/vc/")
    over = dt.date.today() - dt.timedelta(days=1)
    Transcript.objects.update(kept_until=over, expires_on=over)
    Credential.objects.update(expires_on=over)
    assert (transcripts.expire(), making.expire()) == (1, 1)
    row = Transcript.objects.get()
    assert row.content is None and row.paper is None and len(bytes(row.paper_digest)) == 32
    assert "已过可核验日期" in Client().get(f"/credentials/transcripts/{row.code}/").content.decode()


def test_a_code_to_the_telephone_is_not_enough_to_take_anything(
    stage: certified.Stage, client: Client
) -> None:
    person = stage.people[0]
    person.user = make_user("weak", Role.TRN)
    person.save()
    sign_in(client, person.user, assurance=1)
    assert client.get("/credentials/").status_code == 200
    answers: list[Any] = [
        client.post(f"/credentials/{stage.certificates[0].pk}/vc/"),
        client.post("/credentials/transcripts/"),
    ]
    assert {answer.status_code for answer in answers} <= {302, 403}
    assert not Credential.objects.exists() and not Transcript.objects.exists()


def test_published_places_may_be_read_by_pages_of_others(stage: certified.Stage) -> None:
    for place in (
        f"/credentials/bodies/{stage.body.pk}/did.json",
        f"/credentials/keys/{stage.key.kid}.json",
        "/credentials/context/v1.json",
    ):
        answer = Client().get(place)
        assert answer.status_code == 200 and answer["Access-Control-Allow-Origin"] == "*", place
        assert "public" in answer["Cache-Control"]


def test_what_a_holder_took_goes_with_an_erased_holder(stage: certified.Stage, holder: Client) -> None:
    holder.post("/credentials/transcripts/")
    holder.post(f"/credentials/{stage.certificates[0].pk}/vc/")
    made, person = Transcript.objects.get(), stage.people[0]
    terms.load()
    done = erasing.erase([person.pk], actor=None, basis="asked", ignore_retention=True)
    assert done.people == [person.pk] and done.counts["credentials"] == 2
    assert not Transcript.objects.exists() and not Credential.objects.exists()
    assert Client().get(f"/credentials/transcripts/{made.code}/").status_code == 404


def test_a_status_list_is_its_bodys_as_the_credential_that_points_to_it(
    stage: certified.Stage, holder: Client
) -> None:
    """Verifiers refuse a list of another issuer."""
    assert status_publishing.publish_due() == 1
    vc = json.loads(take(holder, stage.certificates[0], "vc"))
    for entry in vc["credentialStatus"]:
        place = entry["statusListCredential"].removeprefix("http://127.0.0.1:8000")
        found = json.loads(Client().get(place).content)
        assert (found["issuer"], found["id"]) == (vc["issuer"]["id"], entry["statusListCredential"])
        assert found["credentialSubject"]["statusPurpose"] == entry["statusPurpose"]
        assert holds(found, bytes(stage.key.public))
