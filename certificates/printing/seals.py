"""Electronic seals over printed files: signed with a key of our own, or by an outside service that is sent a digest.

PAdES B-B by pyHanko (ETSI EN 319 142-1). A seal under GB/T 38540 comes from a service that holds it: it gets the digest
of the file's byte ranges and answers with the signature, which is put in its place; the file itself never leaves.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Protocol
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings

FIELD: Final = "Seal"
RESERVED: Final = 32_768  # digits of the file for a signature with its chain: twice its bytes
_LONGEST = 1_000_000  # bytes of an answer of the service


class SealRefused(Exception):
    """The service or the key gave no seal; the text says why, for the log."""


class Seal(Protocol):
    """What puts a seal on a file."""

    name: str

    def sealed(self, data: bytes) -> bytes:
        """The file with its seal, appended: the bytes before stay as they are. Raises SealRefused."""
        ...


def configured() -> Seal | None:
    """The seal of this installation, if it has one."""
    if settings.SEAL_URL:
        return ServiceSeal(settings.SEAL_URL, settings.SEAL_TOKEN)
    if settings.SEAL_KEY_FILE is not None:
        return KeySeal(str(settings.SEAL_KEY_FILE), settings.SEAL_PASSPHRASE)
    return None


class KeySeal:
    """A key in a PKCS #12 file."""

    name = "key"

    def __init__(self, path: str, passphrase: str) -> None:
        self._signer = _signer(path, passphrase)

    def sealed(self, data: bytes) -> bytes:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import fields, signers

        meta = signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        out = io.BytesIO()
        signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), meta, signer=self._signer, output=out)
        return out.getvalue()


@cache
def _signer(path: str, passphrase: str) -> Any:
    from pyhanko.sign import signers

    load: Any = signers.SimpleSigner.load_pkcs12
    found = load(path, passphrase=passphrase.encode() or None)
    if found is None:
        raise SealRefused("the key file cannot be opened")
    return found


Post = Callable[[str, bytes, dict[str, str]], bytes]


class ServiceSeal:
    """A service over HTTP.

    It is posted {"digest": hex, "algorithm": "sha256", "bytes": n} and answers {"cms": base64 of the DER of a detached
    CMS SignedData over that digest}. Other protocols go into an adapter that speaks this one.
    """

    name = "service"

    def __init__(self, url: str, token: str = "", post: Post | None = None) -> None:
        self._url, self._token = url, token
        self._post = post or _post

    def sealed(self, data: bytes) -> bytes:
        from pyhanko.pdf_utils.generic import pdf_name
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign.signers import cms_embedder, pdf_byterange

        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        steps = cms_embedder.PdfCMSEmbedder().write_cms(field_name=FIELD, writer=writer)
        next(steps)
        placeholder = pdf_byterange.PdfSignedData(pdf_name("/Sig"), bytes_reserved=RESERVED)
        placeholder[pdf_name("/SubFilter")] = pdf_name("/" + settings.SEAL_SUBFILTER)
        steps.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder))
        prepared, out = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256", in_place=False))
        steps.send(self._asked(prepared.document_digest, len(data)))
        found: bytes = out.getvalue()
        return found

    def _asked(self, digest: bytes, size: int) -> bytes:
        body = json.dumps({"digest": digest.hex(), "algorithm": "sha256", "bytes": size}).encode()
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = json.loads(self._post(self._url, body, headers))
            cms = base64.b64decode(answer["cms"], validate=True)
        except (OSError, URLError, ValueError, KeyError, TypeError, binascii.Error) as error:
            raise SealRefused(f"the seal service gave no signature: {type(error).__name__}") from None
        if not cms or 2 * len(cms) > RESERVED:
            raise SealRefused("the seal service gave a signature of no usable length")
        return cms


def _post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    request = Request(url, data=body, headers=headers, method="POST")
    with urlopen(request, timeout=settings.SEAL_TIMEOUT) as answer:
        found: bytes = answer.read(_LONGEST)
        return found
