"""Canonical JSON and proofs over it: the published vectors, byte for byte, and nothing else accepted."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.lib import data_integrity as di
from registry.lib.jcs import NotCanonical, canonical

# W3C, Data Integrity EdDSA Cryptosuites v1.0, Appendix B.2 "Representation: eddsa-jcs-2022": input and every step.
PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
METHOD = f"did:key:{PUBLIC}#{PUBLIC}"
CREATED = "2023-02-24T23:36:38Z"
DOCUMENT: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2",
    ],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
CANONICAL = (
    '{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],'
    '"credentialSubject":{"alumniOf":"The School of Examples","id":"did:example:abcdefgh"},'
    '"description":"A minimum viable example of an Alumni Credential.",'
    '"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","issuer":"https://vc.example/issuers/5678",'
    '"name":"Alumni Credential","type":["VerifiableCredential","AlumniCredential"],'
    '"validFrom":"2023-01-01T00:00:00Z"}'
)
OPTIONS = (
    '{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],'
    '"created":"2023-02-24T23:36:38Z","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod",'
    f'"type":"DataIntegrityProof","verificationMethod":"{METHOD}"}}'
)
HASHES = (
    "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db"
    "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
)
SIGNATURE = (
    "407cd12654b33d718ecbb99179a1506daaa849450bf3fc523cce3e1c96f8b803"
    "51da3f253d725c6f00b07c9e5448d50b3ef78012b9ab54255116d069c6dd2808"
)
VALUE = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"


def key() -> Ed25519PrivateKey:
    raw = di.of_base58(SECRET[1:])
    assert raw[:2] == b"\x80\x26"  # multicodec ed25519-priv
    return Ed25519PrivateKey.from_private_bytes(raw[2:])


def test_the_vector_of_w3c_comes_out_byte_for_byte() -> None:
    config = di.options(DOCUMENT, method=METHOD, created=CREATED)
    assert canonical(DOCUMENT).decode() == CANONICAL
    assert canonical(config).decode() == OPTIONS
    assert di.to_be_signed(DOCUMENT, config).hex() == HASHES
    assert key().sign(bytes.fromhex(HASHES)).hex() == SIGNATURE
    made = di.proved(DOCUMENT, method=METHOD, created=CREATED, sign=key().sign)
    assert made == {**DOCUMENT, "proof": {**config, "proofValue": VALUE}}
    public = key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert di.multikey(public) == PUBLIC and di.of_multikey(PUBLIC) == public
    assert di.holds(made, public)


def test_whatever_is_changed_afterwards_is_refused() -> None:
    public = di.of_multikey(PUBLIC)
    made = di.proved(DOCUMENT, method=METHOD, created=CREATED, sign=key().sign)
    for changed in _each_leaf_changed(made):
        assert not di.holds(changed, public), changed
    for name in made:
        less = {key: value for key, value in made.items() if key != name}
        assert not di.holds(less, public), name
    assert not di.holds({**made, "more": "x"}, public)
    assert not di.holds(made, bytes(32))


def _each_leaf_changed(value: Any) -> list[Any]:
    found = []
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        others = _each_leaf_changed(part) if isinstance(part, dict | list) else [f"{part}1", 1, None]
        for other in others:
            whole = copy.deepcopy(value)
            whole[name] = other
            found.append(whole)
    return found


def test_canonical_json_as_rfc_8785_shows_it() -> None:
    # §3.2.3: keys in the order of UTF-16 units; the emoji is before U+FB33 though its code point is beyond it.
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    in_order = ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(keys))) == in_order
    # §3.2.2.2: only what must be escaped is, in lower case.
    assert canonical('€$\x0f\nA\'B"\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\"/"'.encode()
    assert canonical([None, True, False, 0, -(2**53 - 1), [], {}]) == (
        b"[null,true,false,0,-9007199254740991,[],{}]"
    )


@pytest.mark.parametrize("value", [1.5, 2**53, "\ud800", {1: "x"}, {"x": {1, 2}}, b"x"])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_base58_keeps_leading_zeros() -> None:
    for raw in (b"", b"\0", b"\0\0\x01", b"Hello World!", bytes(range(64))):
        assert di.of_base58(di.base58(raw)) == raw
    # https://datatracker.ietf.org/doc/html/draft-msporny-base58-03, section 5
    assert di.base58(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    with pytest.raises(di.BadProof):
        di.of_base58("0OIl")
