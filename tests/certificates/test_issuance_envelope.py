"""Payload and envelope: one way to write each, and nothing else is read."""

from __future__ import annotations

from datetime import date

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates.issuance import cose, payload

SALT = bytes(range(8))
CLAIMS = payload.Claims(
    issuer="91330100MA27XNQG5D",
    number="Y000033000001265000001",
    name="张*丰",
    check=payload.check_of("张三丰", "33010119900307451x", SALT),
    occupation_code="6-18-02-04",
    occupation_name="焊工",
    level=3,
    issued_on=date(2026, 11, 29),
    body="杭州某某职业技能评价中心",
    kid="aB3_x-9Z",
    status_list=1,
    status_index=131_071,
    salt=SALT,
    family="skill_level",
)


def test_reading_gives_back_what_was_built_and_the_bytes_are_fixed() -> None:
    raw = payload.build(CLAIMS)
    assert payload.read(raw) == CLAIMS
    assert raw.hex().startswith("ad0101") and len(raw) < 180
    dated = CLAIMS._replace(expires_on=date(2032, 11, 28), family="x", level=0)
    assert payload.read(payload.build(dated)) == dated


def test_the_check_goes_by_the_compared_form_of_the_name() -> None:
    assert payload.check_of("张三丰", "XXXX451X", SALT) == CLAIMS.check
    assert payload.check_of("阿依古丽•买买提", "0021", SALT) == payload.check_of(
        "阿依古丽·买买提", "0021", SALT
    )
    assert payload.check_of("张三丰", "4511", SALT) != CLAIMS.check


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xa0",
        b"\x80",
        b"\x9f" * 900,  # nested beyond reason
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",  # a map said to be endless
        cbor2.dumps({**cbor2.loads(payload.build(CLAIMS)), 15: 1}, canonical=True),
        cbor2.dumps({**cbor2.loads(payload.build(CLAIMS)), 7: 3.0}, canonical=True),
        cbor2.dumps({**cbor2.loads(payload.build(CLAIMS)), 7: True}, canonical=True),
        cbor2.dumps(dict(reversed(cbor2.loads(payload.build(CLAIMS)).items()))),
        payload.build(CLAIMS) + b"\x00",
        payload.build(CLAIMS).replace(
            b"\xad\x01\x01", b"\xad\x01\x18\x01", 1
        ),  # the version in a longer form
    ],
)
def test_other_bytes_are_no_payload(raw: bytes) -> None:
    with pytest.raises(payload.BadPayload):
        payload.read(raw)


def test_an_envelope_opens_to_what_was_signed_and_no_bit_of_it_can_be_changed() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    raw = payload.build(CLAIMS)
    signed = cose.to_be_signed(raw, CLAIMS.kid, cose.ED25519)
    sealed = cose.envelope(raw, CLAIMS.kid, cose.ED25519, key.sign(signed))
    assert cose.open_envelope(cose.of_fragment(cose.fragment(sealed))) == cose.Opened(
        cose.ED25519, CLAIMS.kid, raw, key.sign(signed), signed
    )
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises((cose.BadEnvelope, InvalidSignature)):
            opened = cose.open_envelope(bytes(changed))
            key.public_key().verify(opened.signature, opened.signed)


def test_a_fragment_is_written_in_one_way_only() -> None:
    text = cose.fragment(b"\x01\x02")
    assert text == "AQI"
    for other in ("AQJ", "AQI=", "AQI\n", "AQ I", "AQＩ", "A", "AQI!"):
        with pytest.raises(cose.BadEnvelope):
            cose.of_fragment(other)


def test_only_known_suites_and_whole_envelopes() -> None:
    with pytest.raises(cose.BadEnvelope):
        cose.to_be_signed(b"", CLAIMS.kid, cose.SM2)
    for raw in (
        b"\x01",
        b"\x02\x84\x40\xa0\x40\x40",
        b"\x01\x9f\xff",
        b"\x01\x84\x40\xa0\x40\x40",
        b"\x01" * 5000,
    ):
        with pytest.raises(cose.BadEnvelope):
            cose.open_envelope(raw)
