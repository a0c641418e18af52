"""Checking over HTTP, by somebody who is not signed in."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import openpyxl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from certificates.issuance import cose, payload, sealing, status_lists, status_publishing
from certificates.issuance.models import Certificate
from certificates.verification import services as verification
from certificates.verification import views
from certificates.verification.models import Lookup, Share
from registry.accounts.models import Role
from registry.lib import data_integrity, figures, proof
from registry.lib.scope import Scope
from registry.rights import contributors
from tests import certified
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> certified.Stage:
    return certified.build(2)


def asked(client: Client, **fields: str) -> Any:
    return client.post("/v/", fields)


def test_the_box_takes_number_and_name_a_code_or_the_link_and_never_an_identity_number(
    client: Client, stage: certified.Stage
) -> None:
    certificate, person, attestation = stage.certificates[0], stage.people[0], stage.attestations[0]
    assert client.get("/v/").headers["X-Robots-Tag"].startswith("noindex")
    link = f"https://elsewhere.example/v/{attestation.code}#AQID"
    for fields in (
        {"what": certificate.number, "name": person.name},
        {"what": attestation.code.lower()},
        {"what": link},
    ):
        page = asked(client, **fields)
        text = page.content.decode()
        assert page.status_code == 200 and 'data-answer="valid"' in text and "联网核对" in text
        assert certificate.number in text and person.name not in text.replace(f'value="{person.name}"', "")
    miss = asked(client, what=certificate.number, name="别人").content.decode()
    assert "未查询到" in miss and stage.body.name not in miss
    identity = certified.identity(1)
    refused = asked(client, what=identity, name=person.name)
    assert refused.status_code == 422 and "身份证" in refused.content.decode()
    assert identity not in refused.content.decode()
    assert asked(client, what=certificate.number).status_code == 422
    assert not client.cookies.get("sid")


def test_the_page_behind_a_code_and_the_answers_for_programs_agree(
    client: Client, stage: certified.Stage
) -> None:
    certificate, person, attestation = stage.certificates[0], stage.people[0], stage.attestations[0]
    for state, words in ((None, "有效"), ("suspended", "暂停"), ("revoked", "已撤销")):
        if state:
            Certificate.objects.filter(pk=certificate.pk).update(state=state, state_on="2026-11-20")
        told = client.get(f"/v/{attestation.code}.json").json()
        again = client.post("/v/answer", {"number": certificate.number, "name": person.name}).json()
        assert told["answer"] == again["answer"] == (state or "valid")
        assert told.keys() == again.keys() and "id" not in told
        page = client.get(f"/v/{attestation.code}").content.decode()
        assert words in page and f'data-answer="{told["answer"]}"' in page
        assert ("有效（" in page) == (state is None)
    # Answered before sessions and roles are asked for, and yet as the site map has them.
    assert resolve("/v/answer").func is views.answer
    assert resolve(f"/v/{attestation.code}.json").func is views.code_json
    for method in (client.put, client.delete, client.head):
        assert method("/v/answer").status_code == method(f"/v/{attestation.code}.json").status_code == 405
    assert client.get("/v/0000000000000000.json").json() == {"answer": "not_found"}
    assert "未查询到" in client.get("/v/nonsense").content.decode()


def test_whoever_misses_too_often_computes_a_little(client: Client, stage: certified.Stage) -> None:
    certificate, person = stage.certificates[0], stage.people[0]
    for n in range(figures.limits("verify.miss")[0].n):
        asked(client, what=f"NO{n}", name="无名")
    page = asked(client, what=certificate.number, name=person.name)
    assert page.status_code == 429 and int(page.headers["Retry-After"]) > 0
    question = page.context["asked"]
    answer = client.post("/v/answer", {"number": certificate.number, "name": person.name})
    assert answer.status_code == 429 and answer.json()["bits"] == proof.bits("verify")
    for given, status in (("0", 429), (proof.solve(question, proof.bits("verify")), 200)):
        fields = {"what": certificate.number, "name": person.name, "asked": question, "answer": given}
        assert asked(client, **fields).status_code == status
    assert asked(client, **fields).status_code == 429  # each question is good once


def test_the_person_at_the_gate_is_the_one_or_not(client: Client, stage: certified.Stage) -> None:
    certificate, person = stage.certificates[0], stage.people[0]
    page = asked(client, what=certificate.number, name=person.name)
    reference = page.context["reference"]
    last = sealing.opened(stage.attestations[0].pk, stage.attestations[0].sealed).document_number[-4:]
    other = sealing.opened(stage.attestations[1].pk, stage.attestations[1].sealed).document_number[-4:]
    tries = [(person.name, last, "一致"), (person.name, other, "不一致"), ("别人", last, "不一致")]
    for name, four, words in tries:
        said = client.post("/v/match", {"reference": reference, "name": name, "last": four})
        assert f'<p class="said">{words}</p>' in said.content.decode()
    for _more in range(figures.limits("verify.match")[0].n - len(tries)):
        client.post("/v/match", {"reference": reference, "name": person.name, "last": last})
    wait = client.post("/v/match", {"reference": reference, "name": person.name, "last": last})
    assert wait.status_code == 429
    assert client.post("/v/match", {"reference": "x", "name": "a", "last": "1234"}).status_code == 410


def test_lists_are_signed_when_something_changed_and_say_what_the_page_says(
    client: Client, stage: certified.Stage, django_capture_on_commit_callbacks: Any
) -> None:
    gone, held = stage.attestations
    assert status_publishing.publish_due() == 1 and status_publishing.due() == []
    keys = {key["kid"]: key for key in client.get(reverse("wellknown:jwks")).json()["keys"]}
    assert keys[stage.key.kid]["body"] == stage.body.name

    def bits(purpose: str) -> set[int]:
        answer = client.get(reverse("wellknown:status", args=[gone.status_list_id, purpose]))
        assert answer.headers["Cache-Control"] == "public, max-age=20"
        document = json.loads(answer.content)
        assert data_integrity.holds(document, bytes(stage.key.public))
        raw = status_publishing.decode(document["credentialSubject"]["encodedList"])
        assert len(raw) == 16_384
        return {n for n in range(len(raw) * 8) if raw[n >> 3] & (0x80 >> (n & 7))}

    assert bits("revocation") == bits("suspension") == set()
    for pk, state in ((gone.pk, "revoked"), (held.pk, "suspended")):
        with django_capture_on_commit_callbacks(execute=True):
            Certificate.objects.filter(pk=pk).update(state=state, state_on=timezone.localdate())
            status_lists.touched([pk])
    # One job for both, in a queue that no import holds up.
    assert ProcrastinateJob.objects.get(task_name="certificates.lists").queue_name == "prompt"
    assert status_publishing.publish_due() == 1
    assert status_publishing.due() == []
    assert (bits("revocation"), bits("suspension")) == ({gone.status_index}, {held.status_index})
    # The signed content names the place that is set.
    claims = payload.read(bytes(gone.payload))
    assert (claims.status_list, claims.status_index) == (gone.status_list_id, gone.status_index)
    Ed25519PublicKey.from_public_bytes(bytes(stage.key.public)).verify(
        bytes(gone.signature), cose.to_be_signed(bytes(gone.payload), stage.key.kid)
    )
    identity = client.get(reverse("wellknown:did")).json()
    assert [each["id"] for each in identity["verificationMethod"]] == [f"{identity['id']}#{stage.key.kid}"]
    entry = client.get(reverse("wellknown:status_index")).json()["lists"][0]
    assert entry["id"] == gone.status_list_id and entry["revocation"].endswith("/revocation")


def test_a_list_is_answered_line_by_line_as_a_workbook(client: Client, stage: certified.Stage) -> None:
    certificates, people = stage.certificates, stage.people
    Certificate.objects.filter(pk=certificates[1].pk).update(state="revoked", state_on="2026-11-20")
    identity = certified.identity(1)
    pasted = "\n".join(
        [
            f"{certificates[0].number}\t{people[0].name}",
            f"{people[1].name}，{certificates[1].number}",
            f"{certificates[0].number} 别人",
            "",
            f"{identity} {people[0].name}",
        ]
    )
    page = client.get("/v/list")
    fields = {"text": pasted, "asked": page.context["asked"]}
    assert client.post("/v/list", fields | {"answer": "0"}).status_code == 422

    def rows(answer: Any) -> list[tuple[Any, ...]]:
        assert answer.status_code == 200, answer.content.decode()
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        return list(sheet.iter_rows(min_row=2, max_col=4, values_only=True))

    solved = proof.solve(fields["asked"], proof.bits("verify"))
    got = rows(client.post("/v/list", fields | {"answer": solved}))
    assert [row[0] for row in got[:4]] == [1, 2, 3, 5]
    assert [str(row[3])[:4] for row in got[:4]] == ["有效（联", "已撤销", "未查询到", "未查询到"]
    assert list(Lookup.objects.order_by("id").values_list("way", "answer")) == [
        ("list", "valid"),
        ("list", "revoked"),
        ("list", "not_found"),
        ("list", "not_found"),
    ]
    # Somebody who is signed in need not compute; columns are found by their headings, wherever they stand.
    sign_in(client, stage.clerk)
    file = SimpleUploadedFile(
        "名单.csv",
        f"序号,姓名,部门,证书编号\n1,{people[0].name},焊接,{certificates[0].number}\n".encode("gb18030"),
    )
    got = rows(client.post("/v/list", {"file": file}))
    assert got[0][0] == 2 and str(got[0][3]).startswith("有效（联网核对")
    for field, value, words in (
        ("file", SimpleUploadedFile("x.xlsx", b"PK\x03\x04rubbish"), ""),
        ("text", "\n".join(f"N{n} 甲" for n in range(501)), "500"),
    ):
        refused = client.post("/v/list", {field: value})
        assert refused.status_code == 422 and words in refused.content.decode()


def test_a_holder_lends_a_link_sees_who_came_and_takes_it_back(
    client: Client, stage: certified.Stage
) -> None:
    certificate, other, person = stage.certificates[0], stage.certificates[1], stage.people[0]
    holder = make_user("holder", Role.TRN)
    person.user = holder
    person.save()
    mine = Client()
    sign_in(mine, holder)
    asked(client, what=certificate.number, name=person.name)
    page = mine.get("/v/mine/")
    assert page.context["certificates"][0][2] == 1 and other.number not in page.content.decode()
    fields = {"which": certificate.pk, "days": 7, "label": "某某公司", "with_name": "on"}
    assert mine.post("/v/mine/", fields | {"which": other.pk}).status_code == 422
    link = mine.post("/v/mine/", fields).context["link"].partition("testserver")[2]
    shown = client.get(link)
    assert person.name in shown.content.decode() and "有效（联网核对" in shown.content.decode()
    Certificate.objects.filter(pk=certificate.pk).update(state="revoked", state_on="2026-11-20")
    assert 'data-answer="revoked"' in client.get(link).content.decode()
    share = Share.objects.get()
    assert link.rpartition("/")[2].encode() not in bytes(share.token)
    assert [words[:2] for _at, words in mine.get(f"/v/mine/{share.pk}/").context["rows"]] == ["已撤", "有效"]
    assert mine.get("/v/mine/").context["shares"][0][1] == 2
    own = {one["name"]: one["rows"] for one in contributors.everything(Scope.own(person.pk), person)}
    assert [(row["给谁"], row["打开次数"]) for row in own["shares"]] == [("某某公司", 2)]
    assert [(row["证书编号"], row["方式"], row["核验次数"]) for row in own["checks"]] == [
        (certificate.number, "编号和姓名", 1)
    ]
    assert mine.post(f"/v/mine/{share.pk}/end/").status_code == 302
    assert client.get(link).status_code == 404
    # What is over is forgotten with the log of checks.
    assert verification.prune(timezone.now() + dt.timedelta(days=1)) == 0
    assert verification.prune(timezone.now() + dt.timedelta(days=60)) == 3
    assert not Share.objects.exists() and not Lookup.objects.exists()
