"""The answers in words, for pages and for what a browser says by itself. The words are those of issuance.answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuance import answers, payload, reasons
from certificates.issuance.act_models import ActKind
from certificates.issuance.models import Certificate
from registry.occupations.models import SkillLevel

_TONES = {"good": "ok", "bad": "bad", "warn": "warn", "mute": "warn"}
_ICONS = {"ok": "circle-check", "bad": "circle-x", "warn": "alert-triangle"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The headline of an answer."""

    code: str
    text: str
    more: str
    tone: str
    icon: str


def verdict(told: dict[str, Any]) -> Verdict:
    """Of an answer as `asking.read` gives it."""
    code = told["answer"]
    known = None if code == "not_found" else code
    at = datetime.fromisoformat(told["checked_at"]) if "checked_at" in told else None
    tone = "warn" if code == answers.UNCONFIRMED else _TONES[answers.TONES[answers.of_code(known)]]
    return Verdict(code, answers.told(known, at), _more(code, told), tone, _ICONS[tone])


def _more(code: str, told: dict[str, Any]) -> str:
    on = told.get("state_on")
    match code:
        case "revoked":
            why = reasons.why(told["number"], ActKind.REVOKE)
            words = _("自 %(on)s 起不再有效（%(why)s）。") if why else _("自 %(on)s 起不再有效。")
            return words % {"on": on, "why": why} if on else ""
        case "suspended":
            return _("自 %(on)s 起暂停，恢复前不作为有效证书使用。") % {"on": on} if on else ""
        case "ended":
            last = told.get("expires_on")
            if last and last < timezone.localdate().isoformat():
                return _("有效期至 %(on)s，已过期。") % {"on": last}
            return _("已于 %(on)s 换发新证书，请核验新证书。") % {"on": on} if on else ""
        case "unconfirmed":
            return _("这本证书由培训台账报来，尚未与发证机构核对，本系统不作为有效证书答复。")
        case "not_found":
            return _("编号与姓名须与证书上的一致。仍查询不到的，请向发证机构核实。")
    return ""


def for_browser() -> dict[str, Any]:
    """Words, addresses and names that verify.js needs to check by itself."""
    ranks = {level.rank: level.name for level in SkillLevel.objects.all()}
    families = {number: str(Certificate.Family(name).label) for name, number in payload.FAMILIES.items()}
    words = {code.value: str(text) for code, text in answers.WORDS.items()}
    return {
        "words": {
            **words,
            "signed_only": answers.told_offline(None),
            "signed_only_as_of": _("签名有效，撤销状态未核对（数据截至 {day}）"),
            "revoked_as_of": _("已撤销或已换发（数据截至 {day}）"),
            "suspended_as_of": _("暂停（数据截至 {day}）"),
            "other": _("网页上的证书与二维码中签名的内容不一致。请以证书原件向发证机构核实。"),
            "compromised": _("签发密钥已泄露，仅凭签名不能证明真伪，须联网核对。"),
            "key_lost": _("签发密钥后来标为已泄露，二维码中的签名不再作为依据，以上面的答复为准。"),
            "forged": _("撤销名单的签名不对，没有采用。请联网核验。"),
            "unknown_key": _("本机没有签发机构的公钥，不能核对签名。请联网后重试。"),
            "signed": _("二维码中的内容由发证机构签名，与发证时一致；现在是否有效以上面的答复为准。"),
            "offline": _("当前没有联网：以下内容取自二维码，由发证机构签名。"),
            "nothing": _(
                "当前没有联网，链接中没有签名的内容，不能核验。请联网后重试，或扫描证书上的二维码。"
            ),
        },
        "labels": {
            "number": _("证书编号"),
            "name": _("姓名"),
            "occupation": _("职业（工种）"),
            "level": _("等级"),
            "issued_on": _("发证日期"),
            "expires_on": _("有效期至"),
            "body": _("发证机构"),
            "family": _("证书类别"),
        },
        "levels": ranks,
        "families": families,
        "jwks": reverse("wellknown:jwks"),
        "lists": reverse("wellknown:status_index"),
        "worker": reverse("verification:worker"),
        "host": settings.PUBLIC_URL,
    }


def as_json(value: Any) -> str:
    """JSON as answers to programs are written."""
    return json.dumps(value, ensure_ascii=False)
