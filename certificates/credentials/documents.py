"""A certificate as others read it: W3C Verifiable Credential 2.0, and Open Badge 3.0. Pure; nothing is signed here.

Both hold the holder's name, so they are made for the holder alone. The identity number is masked as on public notices.
Times of day are those of Beijing, as paper has none: valid from the first moment of the day of issue to the last moment
of the last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from certificates.credentials import addresses

BEIJING: Final = timezone(timedelta(hours=8))
VC: Final = "https://www.w3.org/ns/credentials/v2"
OB: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"

_TERMS: Final = (
    "VocationalCertificate",
    "certificateNumber",
    "certificateFamily",
    "occupationCode",
    "occupationName",
    "occupationDirection",
    "skillLevel",
    "skillLevelRank",
    "issuedOn",
    "documentNumberMasked",
)
#: What our own words mean, served at `addresses.context`. It is named in signed files, so it never changes; checking a
#: proof needs nobody to fetch it.
CONTEXT: Final = {
    "@context": {"@protected": True, **{term: f"urn:jiangce:certificate:v1:{term}" for term in _TERMS}}
}

#: Family → the nearest kind of achievement that Open Badges names.
_KINDS: Final = {
    "skill_level": "Certification",
    "qualification": "License",
    "special": "MicroCredential",
    "completion": "CertificateOfCompletion",
    "x": "Certification",
    "other": "Certificate",
}


class Facts(NamedTuple):
    """A signed certificate, in plain Python. `level` is a rank 1-8 or 0; `status` is purpose → address of its list."""

    base: str
    code: str
    number: str
    family: str
    name: str
    body_id: int
    body: str
    credit_code: str
    occupation_code: str
    occupation: str
    direction: str
    level: int
    level_name: str
    issued_on: date
    expires_on: date | None
    holder: str
    document_masked: str
    status: Mapping[str, str]
    status_index: int


def credential(facts: Facts) -> dict[str, Any]:
    """The Verifiable Credential without its proof (W3C VC Data Model 2.0)."""
    about = {
        "certificateNumber": facts.number,
        "certificateFamily": facts.family,
        "occupationCode": facts.occupation_code,
        "occupationName": facts.occupation,
        "occupationDirection": facts.direction,
        "skillLevel": facts.level_name,
        "skillLevelRank": facts.level,
        "issuedOn": facts.issued_on.isoformat(),
    }
    return {
        "@context": [VC, addresses.context(facts.base)],
        "id": addresses.check(facts.base, facts.code),
        "type": ["VerifiableCredential", "VocationalCertificate"],
        "name": facts.name,
        "issuer": {"id": addresses.body(facts.base, facts.body_id), "name": facts.body},
        **_period(facts),
        "credentialSubject": {
            "id": _subject(facts),
            "name": facts.holder,
            **({"documentNumberMasked": facts.document_masked} if facts.document_masked else {}),
            **{term: value for term, value in about.items() if value},
        },
        "credentialStatus": [_status(facts, purpose) for purpose in sorted(facts.status)],
    }


def badge(facts: Facts) -> dict[str, Any]:
    """The Open Badge without its proof (1EdTech Open Badges 3.0, AchievementCredential).

    It has room for one status entry: that of revocation.
    """
    occupation = " ".join(filter(None, (facts.occupation, facts.direction)))
    title = " ".join(filter(None, (facts.name, occupation, facts.level_name)))
    achievement: dict[str, Any] = {
        "id": ":".join(
            ("urn:jiangce:achievement", facts.family, quote(facts.occupation_code), str(facts.level))
        ),
        "type": ["Achievement"],
        "achievementType": _KINDS[facts.family],
        "name": title,
        "description": f"{facts.body}颁发的{title}",
        "criteria": {"narrative": "经评价机构考核评价合格，依据为该职业（工种）的国家职业标准或评价规范。"},
        "inLanguage": "zh-CN",
        "humanCode": facts.occupation_code,
        "fieldOfStudy": facts.occupation,
        "specialization": facts.direction,
    }
    issuer: dict[str, Any] = {
        "id": addresses.body(facts.base, facts.body_id),
        "type": ["Profile"],
        "name": facts.body,
    }
    if facts.credit_code:
        issuer["otherIdentifier"] = [
            {
                "type": "IdentifierEntry",
                "identifier": facts.credit_code,
                "identifierType": "ext:unifiedSocialCreditCode",
            }
        ]
    return {
        "@context": [VC, OB],
        "id": addresses.check(facts.base, facts.code),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title,
        "issuer": issuer,
        **_period(facts),
        "credentialSubject": {
            "id": _subject(facts),
            "type": ["AchievementSubject"],
            "licenseNumber": facts.number,
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": facts.holder,
                    "identityType": "name",
                }
            ],
            "achievement": {name: value for name, value in achievement.items() if value},
        },
        **({"credentialStatus": _status(facts, "revocation")} if "revocation" in facts.status else {}),
    }


def _subject(facts: Facts) -> str:
    """Of this certificate alone, so that two certificates of one person cannot be joined by it."""
    return f"{addresses.check(facts.base, facts.code)}#holder"


def _period(facts: Facts) -> dict[str, str]:
    found = {"validFrom": _moment(facts.issued_on, time())}
    if facts.expires_on is not None:
        found["validUntil"] = _moment(facts.expires_on, time(23, 59, 59))
    return found


def _moment(day: date, at: time) -> str:
    return datetime.combine(day, at, BEIJING).isoformat()


def _status(facts: Facts, purpose: str) -> dict[str, str]:
    """W3C Bitstring Status List 1.0 §2.1; the index is text there."""
    place = str(facts.status_index)
    return {
        "id": f"{facts.status[purpose]}#{place}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": place,
        "statusListCredential": facts.status[purpose],
    }
