"""The keys behind certificates: sealed anew, and what stays as it was."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError

from certificates.credentials import making, transcripts
from certificates.credentials.models import Credential
from certificates.issuance import issuing, sealing
from certificates.issuance.models import Attestation
from registry.audit.verify import Report, verify_table
from registry.lib.scope import Scope
from registry.people import rotation
from tests import certified, key_files

pytestmark = pytest.mark.django_db


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
