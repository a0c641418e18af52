"""The keys behind certificates: sealed anew, and what stays as it was."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone

from certificates.credentials import making, transcripts
from certificates.credentials.models import Credential
from certificates.issuance import (
    cose,
    issuing,
    keys,
    payload,
    resigning,
    sealing,
    status_publishing,
)
from certificates.issuance.key_models import Resignature, Resigning
from certificates.issuance.models import Attestation, Certificate, SigningKey, StatusList
from certificates.printing import cards
from certificates.verification import envelopes as checking
from certificates.verification.asking import Asker
from certificates.verification.keys import jwks, published
from registry.audit.models import Action
from registry.audit.verify import Report, verify_table
from registry.institutions.models import Institution
from registry.lib.scope import Scope
from registry.people import rotation
from tests import certified, key_files
from tests.signing import sign_in

pytestmark = pytest.mark.django_db
CODES = ("91650100MA77AAAA1X", "91650100MA77BBBB2X", "91650100MA77CCCC3X")


def test_holders_files_and_signing_keys_move_to_the_new_sealing_key(tmp_path: Path, settings: Any) -> None:
    files = key_files.made(tmp_path)
    settings.KEYRING_FILE = files["old"]
    stage = certified.build(5)
    row = making.ask(stage.certificates[0], "vc", actor=stage.clerk)[0]
    making.make(row.pk)
    taken = transcripts.make(stage.people[0], actor=stage.clerk)
    waiting = certified.order(stage.body, certified.people(2))
    issuing.prepare(waiting.pk)
    holders = {one.pk: sealing.opened(one.pk, bytes(one.sealed)) for one in Attestation.objects.all()}
    file, signed = making.content(Credential.objects.get()), stage.attestations
    own = Scope.own(stage.people[0].pk)
    paper = transcripts.file(own, taken.pk, "pdf")

    settings.KEYRING_FILE = files["both"]

    def stops(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate("certificate", chunk_rows=3, told=stops)
    # Seven intents and three files, three of them done: whoever starts again goes on there.
    assert rotation.left("certificate") == 10 - 3
    for purpose in ("certificate", "signing"):
        call_command("keys", "rotate", "--purpose", purpose, "--chunk", "3", stdout=io.StringIO())
    settings.KEYRING_FILE = files["new"]

    assert {one.pk: sealing.opened(one.pk, bytes(one.sealed)) for one in Attestation.objects.all()} == holders
    assert making.content(Credential.objects.get()) == file
    assert transcripts.file(own, taken.pk, "pdf") == paper
    assert transcripts.file(own, taken.pk, "json")
    # What was signed is as it was, what waited is signed, and the record agrees.
    assert [one.signature for one in stage.attestations] == [one.signature for one in signed]
    assert issuing.sign(waiting.pk) == 2
    report = Report()
    for table in ("issuance_attestation", "issuance_signingkey", "issuance_certificate"):
        verify_table(Scope.all(), table, report)
    assert report.manifests and report.ok, report.differences


def test_nothing_but_the_seal_of_an_intent_can_be_changed_and_only_for_another_keys(
    tmp_path: Path, settings: Any
) -> None:
    files = key_files.made(tmp_path)
    settings.KEYRING_FILE = files["both"]
    row = certified.build(1).attestations[0]
    sealed = bytes(row.sealed)
    other = sealed[:2] + b"k1" + sealed[4:]
    for change, values in (
        ("sealed = %s", [sealed[:-1] + b"!"]),  # under the same key
        ("sealed = %s", [other + b"!"]),
        ("sealed = %s, printed = '{}'", [other]),
        ("sealed = %s, signature = NULL", [other]),
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE issuance_attestation SET {change} WHERE id = %s", [*values, row.pk])
    Attestation.objects.filter(pk=row.pk).update(sealed=other)


def test_what_a_stolen_key_signed_is_signed_anew_and_goes_on_wherever_it_was_cut_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = certified.build(5)
    revoked, *standing = stage.attestations
    Certificate.objects.filter(pk=revoked.pk).update(state="revoked", state_on=dt.date.today())
    Certificate.objects.filter(pk=standing[0].pk).update(state="suspended", state_on=dt.date.today())
    row = making.ask(stage.certificates[2], "vc", actor=stage.clerk)[0]
    status_publishing.publish_due()
    old = {one.pk: cards.link(one) for one in stage.attestations}
    keys.mark_compromised(stage.key.pk, actor=None, reason="遗失")
    signer = sign_in(client, stage.signer)

    def told(link: str) -> tuple[str, bool, str]:
        found = checking.check(link, Asker("", "test"))
        return found.answer, found.signed, found.key_state

    # Online the old paper is answered as it stands; nothing can be signed anew before there is another key.
    assert told(old[standing[1].pk]) == ("valid", True, "compromised")
    assert "4 本待重签" in signer.get("/certificates/keys/").content.decode()
    address = f"/certificates/keys/{stage.key.pk}/resign/"
    assert "请先发布新密钥" in signer.post(address, follow=True).content.decode()
    signer.post("/certificates/keys/publish/", {"year": dt.date.today().year})
    key = SigningKey.objects.get(state="active")
    assert status_publishing.due(), "lists are signed by the new key"
    assert "用新密钥重签 4 本" in signer.get("/certificates/keys/").content.decode()
    assert "已开始重签 4 本" in signer.post(address, follow=True).content.decode()
    assert "正在重签，请等待完成" in signer.post(address, follow=True).content.decode()

    # Cut off after the first chunk, and within the second, which leaves nothing.
    round_ = Resigning.objects.get()
    turns = iter((None, KeyboardInterrupt))

    def falls(_ids: object) -> None:
        if fault := next(turns, None):
            raise fault

    monkeypatch.setattr(resigning, "_followers", [*resigning._followers, falls])
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        resigning._chunk(round_.pk, 1)
        resigning._chunk(round_.pk, 2)
    resigning._chunk(round_.pk, 1)
    assert resigning.left(stage.key) == 3
    page = signer.get("/certificates/keys/progress/", headers={"HX-Request": "true"}).content.decode()
    assert "已重签 1 本，共 4 本" in page and "every 1s" in page
    assert resigning.unfinished() == [round_.pk]
    resigning.carry_out(round_.pk, size=2)
    resigning.carry_out(round_.pk)
    round_.refresh_from_db()
    assert (round_.done, resigning.left(stage.key), round_.finished_at is None) == (4, 0, False)
    assert Action.objects.filter(code="key.resign").count() == 3

    # Codes are made with the new key and say the same but for its id; what nothing leads back from is as it was.
    new = {one.pk: cards.link(one) for one in stage.attestations}
    assert [pk for pk in old if new[pk] == old[pk]] == [revoked.pk]
    was, now = (
        payload.read(cose.open_envelope(cose.of_fragment(one.partition("#")[2])).payload)
        for one in (old[standing[1].pk], new[standing[1].pk])
    )
    assert (now, now.kid) == (was._replace(kid=key.kid), key.kid) and was.kid == stage.key.kid
    assert [told(new[one.pk])[0] for one in standing] == ["suspended", "valid", "valid", "valid"]
    assert told(new[standing[1].pk]) == ("valid", True, "active")
    assert told(old[standing[1].pk]) == ("valid", True, "compromised")
    # A credential of before is made anew; the record vouches for what was signed, and nobody can change it.
    assert making.ask(stage.certificates[2], "vc", actor=stage.clerk)[0].pk != row.pk
    report = Report()
    verify_table(Scope.all(), "issuance_resignature", report)
    assert report.manifests and report.ok, report.differences
    with pytest.raises(IntegrityError), transaction.atomic():
        Resignature.objects.update(signature=b"x" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        Resignature.objects.all().delete()


def test_certificates_of_three_earlier_keys_still_verify(tmp_path: Path) -> None:
    body = certified.body()
    links, now = [], timezone.now()
    for turn in range(len(CODES) + 1):
        if turn:
            SigningKey.objects.filter(state="active").update(year=dt.date.today().year - 1)
            made = keys.publish(body.pk, dt.date.today().year, actor=None)
            # As if it had been published long enough ago.
            SigningKey.objects.filter(pk=made.pk).update(published_at=now - dt.timedelta(days=30))
        # A body whose code is only known later, or changes, is still the same body.
        Institution.objects.filter(pk=body.pk).update(credit_code=(None, *CODES)[turn])
        certified.issue(body, certified.people(1))
        links.append(cards.link(Attestation.objects.latest("id")))
    assert list(SigningKey.objects.order_by("id").values_list("state", flat=True)) == ["verify_only"] * 3 + [
        "active"
    ]
    found = [checking.check(link, Asker("", "test")) for link in links]
    assert [(one.answer, one.key_state) for one in found] == [("valid", "verify_only")] * 3 + [
        ("valid", "active")
    ]
    # And without us, by the script that anybody may run.
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks(published())))
    status_publishing.publish_due()
    both = [tmp_path / purpose for purpose in status_publishing.PURPOSES]
    for each in both:
        each.write_text(getattr(StatusList.objects.get(), each.name))
    told = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "scripts/verify_certificate.py", "--keys", str(file), *links),
            *("--list", *map(str, both)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout.count("（数据截至 ")) == (0, 4), told.stdout
