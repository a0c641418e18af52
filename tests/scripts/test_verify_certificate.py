"""The stand-alone check of a certificate: other code than ours, that must say the same."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from certificates.issuance import cose, keys, status_lists, status_publishing
from certificates.issuance.models import Attestation, Certificate, SigningKey
from registry.lib import data_integrity
from scripts.trials import bits
from tests import certified
from tests.logbook import PYTHONS

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_certificate.py"


def test_it_is_short_and_asks_only_for_the_standard_library() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) <= 150 and max(map(len, text.splitlines())) <= 120
    imported = {
        name.name
        for node in ast.walk(ast.parse(text, feature_version=(3, 8)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "ssl", "subprocess", "ctypes", "pickle"}


def link(attestation: Attestation, kid: str) -> str:
    sealed = cose.envelope(bytes(attestation.payload), kid, 1, bytes(attestation.signature))
    return f"https://x.example/v/{attestation.code}#{cose.fragment(sealed)}"


@pytest.mark.django_db
def test_it_says_what_the_lists_say(client: Client, tmp_path: Path) -> None:
    stage = certified.build(3)
    links = [link(each, stage.key.kid) for each in stage.attestations]
    for pk, state in zip(
        [each.pk for each in stage.attestations], ("valid", "suspended", "revoked"), strict=True
    ):
        Certificate.objects.filter(pk=pk).exclude(state=state).update(state=state, state_on="2026-11-20")
    status_lists.touched([each.pk for each in stage.attestations])
    status_publishing.publish_due()
    for name, address in (
        ("keys", "jwks.json"),
        *(
            (one, f"certificate-status/{stage.attestations[0].status_list_id}/{one}")
            for one in status_publishing.PURPOSES
        ),
    ):
        (tmp_path / name).write_bytes(client.get(f"/.well-known/{address}").content)
    lists = [str(tmp_path / name) for name in status_publishing.PURPOSES]

    def run(*given: str, python: str = sys.executable) -> tuple[int, list[Any]]:
        done = subprocess.run(
            [python, "-I", "-S", str(SCRIPT), "--keys", str(tmp_path / "keys"), "--json", *given],
            capture_output=True,
            check=False,
            text=True,
            input="\n".join(links),
        )
        lines = done.stdout.splitlines()
        return done.returncode, [json.loads(line) if line.startswith("{") else line for line in lines]

    for python in PYTHONS:
        code, said = run("-", "--list", *lists, python=python)
        assert code == 1
        assert [one["said"].partition("（")[0] for one in said] == [
            "签名有效，撤销状态未核对",
            "暂停",
            "已撤销或已换发",
        ]
        assert said[0]["编号"] == stage.certificates[0].number and "数据截至 20" in said[0]["said"]
    code, said = run(links[2])
    assert (code, said[0]["said"]) == (0, "签名有效，撤销状态未核对（没有名单）")
    # A list of another body's key says nothing of this body's certificates, whatever it claims.
    other = SigningKey.objects.get(institution=certified.body("和田红柳职业技能评价中心"))
    (tmp_path / "keys").write_bytes(client.get("/.well-known/jwks.json").content)
    theirs = {
        name: part for name, part in json.loads(Path(lists[0]).read_text("utf-8")).items() if name != "proof"
    }
    theirs["issuer"] = status_publishing.issuer(other.institution_id)
    theirs["credentialSubject"]["encodedList"] = status_publishing.encode([], status_lists.SIZE)
    method, sign = f"{theirs['issuer']}#{other.kid}", keys.signer(other).sign
    (tmp_path / "theirs").write_text(
        json.dumps(data_integrity.proved(theirs, method=method, created="2026-11-20T00:00:00Z", sign=sign)),
        "utf-8",
    )
    code, said = run(links[2], "--list", str(tmp_path / "theirs"))
    assert (code, said[0]["said"]) == (0, "签名有效，撤销状态未核对（没有名单）")
    # A list that somebody changed is not believed.
    altered = json.loads(Path(lists[0]).read_text("utf-8"))
    altered["validFrom"] = "2030-01-01T00:00:00Z"
    Path(lists[0]).write_text(json.dumps(altered), "utf-8")
    code, said = run(links[0], "--list", *lists)
    assert code == 2 and "签名不对" in said[0]


def test_no_bit_can_be_turned_over() -> None:
    """Small twin of scripts/trials/bits."""
    tried, believed, refused = bits.try_one(7)
    assert tried > 4000 and (believed, refused) == (0, 0)
    one = bits.make(7)
    alone = bits._alone()
    keys = {cose.open_envelope(one.envelope).kid: {"x": cose.fragment(one.public)}}
    assert alone.check("#" + cose.fragment(one.envelope), keys)[1] == 1
    # Each place of the envelope that says how to read, and some of what is said and signed.
    for bit in [*range(0, 200), *range(200, len(one.envelope) * 8, 37)]:
        with pytest.raises((alone.Bad, ValueError, LookupError, TypeError, AttributeError)):
            alone.check("#" + cose.fragment(bits.turned(one.envelope, bit)), keys)
