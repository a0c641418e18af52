"""Certificates as credentials of others: what stands in them, and that they hold under the keys that we publish."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from certificates.credentials import addresses, documents, jwt
from certificates.credentials.published_keys import PublicKey, did_document, jwk
from registry.lib import data_integrity

BASE = "https://register.example:8443"
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = PublicKey("abcdefgh", SECRET.public_key().public_bytes_raw())
FACTS = documents.Facts(
    base=BASE,
    code="0123456789ABCDEF",
    number="Y006500000012610300017",
    family="skill_level",
    name="职业技能等级证书",
    body_id=7,
    body="丝路技能评价中心",
    credit_code="",
    occupation_code="6-18-02-04",
    occupation="焊工",
    direction="电焊工",
    level=4,
    level_name="高级工",
    issued_on=date(2026, 11, 29),
    expires_on=date(2029, 11, 28),
    holder="𬎆莉",
    document_masked="650***********0011",
    status={"revocation": f"{BASE}/r", "suspension": f"{BASE}/s"},
    status_index=94_567,
)


def test_a_credential_says_what_the_certificate_says_and_no_number_of_a_person() -> None:
    made = documents.credential(FACTS)
    assert made["issuer"] == {
        "id": "did:web:register.example%3A8443:credentials:bodies:7",
        "name": "丝路技能评价中心",
    }
    assert (made["validFrom"], made["validUntil"]) == (
        "2026-11-29T00:00:00+08:00",
        "2029-11-28T23:59:59+08:00",
    )
    subject = made["credentialSubject"]
    assert (subject["name"], subject["certificateNumber"]) == ("𬎆莉", "Y006500000012610300017")
    assert (subject["occupationName"], subject["skillLevel"], subject["skillLevelRank"]) == (
        "焊工",
        "高级工",
        4,
    )
    assert [(each["statusPurpose"], each["id"]) for each in made["credentialStatus"]] == [
        ("revocation", f"{BASE}/r#94567"),
        ("suspension", f"{BASE}/s#94567"),
    ]
    # Every word of ours is one that the published context explains.
    known = {*documents.CONTEXT["@context"], "id", "name"}
    assert set(subject) <= known and made["type"][1] in known


def test_a_badge_has_what_open_badges_ask_for() -> None:
    made = documents.badge(FACTS)
    achievement = made["credentialSubject"]["achievement"]
    assert {"id", "type", "criteria", "description", "name"} <= set(achievement)
    assert achievement["achievementType"] == "Certification"
    assert made["credentialSubject"]["identifier"][0]["identityHash"] == "𬎆莉"
    # One entry: the specification has room for no more.
    assert made["credentialStatus"]["statusPurpose"] == "revocation"
    bare = documents.badge(FACTS._replace(direction="", level=0, level_name="", expires_on=None, status={}))
    assert not {"credentialStatus", "validUntil"} & set(bare)
    assert "specialization" not in bare["credentialSubject"]["achievement"]


def test_a_proof_holds_under_the_key_that_the_did_document_names() -> None:
    did = did_document(BASE, 7, [KEY])
    made = data_integrity.proved(
        documents.credential(FACTS),
        method=addresses.method(BASE, 7, KEY.kid),
        created="2026-11-29T08:00:00Z",
        sign=SECRET.sign,
    )
    named = {each["id"]: each for each in did["verificationMethod"]}[made["proof"]["verificationMethod"]]
    assert made["issuer"]["id"] == did["id"] == named["controller"]
    assert named["id"] in did["assertionMethod"]
    assert data_integrity.holds(made, data_integrity.of_multikey(named["publicKeyMultibase"]))


def test_a_token_holds_under_its_json_web_key() -> None:
    made = documents.badge(FACTS)
    head, claims, signature, signed = jwt.parts(
        jwt.token(made, key=addresses.key(BASE, KEY.kid), sign=SECRET.sign)
    )
    assert head == {"alg": "EdDSA", "typ": "JWT", "kid": f"{BASE}/credentials/keys/abcdefgh.json"}
    assert {name: claims.pop(name) for name in ("iss", "jti", "sub")} == {
        "iss": made["issuer"]["id"],
        "jti": made["id"],
        "sub": made["credentialSubject"]["id"],
    }
    assert datetime.fromtimestamp(claims.pop("nbf"), UTC) == datetime(2026, 11, 28, 16, tzinfo=UTC)
    assert datetime.fromtimestamp(claims.pop("exp"), UTC) == datetime(2029, 11, 28, 15, 59, 59, tzinfo=UTC)
    assert claims == made
    _key(jwk(KEY)).verify(signature, signed)


def _key(found: dict[str, str]) -> Ed25519PublicKey:
    assert (found["kid"], found["kty"], found["crv"]) == (KEY.kid, "OKP", "Ed25519")
    return Ed25519PublicKey.from_public_bytes(_decoded(found["x"]))


def _decoded(text: str) -> Any:
    return jwt._decoded(text)
