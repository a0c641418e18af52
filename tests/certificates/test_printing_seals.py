"""Seals over printed files: what was sealed verifies with the bytes before untouched, and a changed byte shows."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certificates.printing import pdf, samples, seals, shipped


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "示例评价机构")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = serialization.pkcs12.serialize_key_and_certificates(
        b"seal", key, certificate, None, serialization.BestAvailableEncryption(b"secret")
    )
    path = tmp_path_factory.mktemp("seal") / "seal.p12"
    path.write_bytes(made)
    return path


def verified(data: bytes, key_file: Path) -> Any:
    signer = signers.SimpleSigner.load_pkcs12(str(key_file), passphrase=b"secret")
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    trusted = ValidationContext(trust_roots=[signer.signing_cert])
    return validate_pdf_signature(signature, signer_validation_context=trusted)


def test_a_key_of_our_own_seals_and_a_changed_byte_shows(key_file: Path, settings: Any) -> None:
    assert seals.configured() is None
    settings.SEAL_KEY_FILE, settings.SEAL_PASSPHRASE = key_file, "secret"
    plain = pdf.render([samples.sample("special")], shipped.layout("special"))
    seal = seals.configured()
    assert seal is not None
    made = seal.sealed(plain)
    assert made.startswith(plain)
    said = verified(made, key_file)
    assert said.valid and said.intact and said.trusted and said.coverage.name == "ENTIRE_FILE"
    at = plain.index(b"stream\n") + 20
    spoiled = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
    assert not verified(spoiled, key_file).intact


def test_an_outside_service_is_sent_a_digest_and_nothing_else(key_file: Path) -> None:
    signer = signers.SimpleSigner.load_pkcs12(str(key_file), passphrase=b"secret")
    asked: list[Any] = []

    def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
        asked.append((url, json.loads(body), headers))
        digest = bytes.fromhex(asked[-1][1]["digest"])
        cms = asyncio.run(signer.async_sign(digest, digest_algorithm="sha256", use_pades=True))
        return json.dumps({"cms": base64.b64encode(cms.dump()).decode()}).encode()

    plain = pdf.render([samples.sample("x")], shipped.layout("x"))
    made = seals.ServiceSeal("https://seal.example.gov.cn/sign", "token", post).sealed(plain)
    assert made.startswith(plain) and verified(made, key_file).intact
    ((url, body, headers),) = asked
    assert set(body) == {"digest", "algorithm", "bytes"} and headers["Authorization"] == "Bearer token"
    for answer in (b"", b"{}", b'{"cms": "*"}', b'{"cms": ""}', json.dumps({"cms": "A" * 40_000}).encode()):
        with pytest.raises(seals.SealRefused):
            seals.ServiceSeal(url, "", lambda _url, _body, _headers, answer=answer: answer).sealed(plain)
