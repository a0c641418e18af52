"""base64url without padding (RFC 4648 §5), as JWK, JWS, status lists and addresses write bytes."""

from __future__ import annotations

import base64


def b64url(raw: bytes) -> str:
    """The text of these bytes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
