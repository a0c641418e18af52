"""Where what we publish about a certificate is found, and the names (DIDs) of those who sign. Pure.

`base` is the address of the installation without a slash at the end, `https://register.example` or with a port.
These addresses stand in files that people carry away: they are added to, never changed.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit


def did(base: str, *path: str) -> str:
    """`did:web` of the installation, or of something below it (did:web Method Specification §2.5).

    `did("https://a.example:8000", "bodies", "7")` is `did:web:a.example%3A8000:bodies:7`, whose document lies at
    `https://a.example:8000/bodies/7/did.json`; without a path, at `/.well-known/did.json`.
    """
    return ":".join(("did", "web", quote(urlsplit(base).netloc, safe=""), *(quote(part) for part in path)))


def body(base: str, institution_id: int) -> str:
    """The name under which a body signs."""
    return did(base, "credentials", "bodies", str(institution_id))


def method(base: str, institution_id: int, kid: str) -> str:
    """A key of a body, as proofs name it."""
    return f"{body(base, institution_id)}#{kid}"


def key(base: str, kid: str) -> str:
    """Where a key lies as JWK (Open Badges 3.0 §8.5 wants an address that leads to one)."""
    return f"{base}/credentials/keys/{kid}.json"


def context(base: str) -> str:
    """What the words of our credentials mean (JSON-LD)."""
    return f"{base}/credentials/context/v1.json"


def check(base: str, code: str) -> str:
    """The page on which anybody checks a certificate; also the identifier of its credential."""
    return f"{base}/v/{code}"


def transcript(base: str, code: str) -> str:
    """The page on which anybody checks a transcript."""
    return f"{base}/credentials/transcripts/{code}/"
