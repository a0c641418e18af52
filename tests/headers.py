"""What every answer carries, whoever asks for whatever: looked at in every request of the whole suite."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

CONTENT_POLICY = {
    *(
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
    ),
    *("connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"),
    *("object-src 'none'", "require-trusted-types-for 'script'", "trusted-types default"),
}
EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A camera may be asked for by pages that scan; everything else is closed everywhere.
CLOSED = ("geolocation=()", "microphone=()", "payment=()", "usb=()")
# Published for whoever does not trust us: nothing there is about a person.
_PUBLISHED = ("/.well-known/", "/credentials/bodies/", "/credentials/keys/", "/credentials/context/")
_INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")[^>]*>|<style\b|<[a-z][^<>]*?\s(?:style|on[a-z]+)\s*=\s*[\"']",
    re.IGNORECASE,
)


def faults(response: Any) -> list[str]:
    """What is missing from an answer, or stands in it and may not."""
    path = response.wsgi_request.path
    if path.startswith(settings.STATIC_URL):
        return []
    found = [name for name, value in EXACTLY.items() if response.headers.get(name) != value]
    policy = set(response.headers.get("Content-Security-Policy", "").split("; "))
    found += [f"Content-Security-Policy: {each}" for each in CONTENT_POLICY - policy]
    if any("unsafe" in each or "http" in each for each in policy):
        found.append("Content-Security-Policy lets in what is not ours")
    permissions = response.headers.get("Permissions-Policy", "")
    found += [f"Permissions-Policy: {each}" for each in CLOSED if each not in permissions]
    kept = response.headers.get("Cache-Control", "")
    if "no-store" not in kept and not ("public" in kept and path.startswith(_PUBLISHED)):
        found.append(f"Cache-Control: {kept}")
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        inline = _INLINE.search(response.content.decode(errors="replace"))
        found += [f"inline script or style: {inline[0][:80]}"] if inline else []
    return [f"{path}: {each}" for each in found]
