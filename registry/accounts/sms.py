"""Text messages: the port through which they leave, and the three ways out (console, file, a vendor's HTTP interface).

Nothing here writes a telephone or a code to the log, and no text of an error holds one.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import gettext_lazy as _

#: template → the text; vendors that send by template get its name and the parameters instead.
TEXTS = {
    "sign_in": _(
        "【匠册】验证码%(code)s，%(minutes)s分钟内有效，用于查看您的培训账户。不是您本人操作的，请勿理会，也不要告诉他人。"
    ),
    "phone_added": _(
        "【匠册】您的培训账户新登记了尾号%(last)s的手机号码，以后验证码可能发到该号码。"
        "不是您本人办理的，请尽快联系当地人力资源社会保障部门。"
    ),
}


@dataclass(frozen=True, slots=True)
class Sms:
    """One message. `id` is the same whenever it is sent again, for vendors that drop repetitions."""

    id: str
    phone: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words as the reader gets them."""
        return str(TEXTS[self.template]) % self.parameters


class GatewayError(Exception):
    """The message was not taken; trying again later may help. The text names neither telephone nor code."""


class SmsGateway(Protocol):
    """A way out for messages."""

    def send(self, message: Sms) -> None:
        """Hand one message over. Raises GatewayError when it was not taken."""


class ConsoleGateway:
    """Prints messages for whoever develops; never in production."""

    def send(self, message: Sms) -> None:
        print(f"sms → {message.phone}: {message.text}", file=sys.stderr, flush=True)


class FileGateway:
    """Appends messages to a file, one JSON object a line; for tests, never in production."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, message: Sms) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({**asdict(message), "text": message.text}, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a redirection would carry code and token to another place."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class HttpGateway:
    """Posts JSON to a vendor. `body` is the JSON with places to fill in, `accepted` a `field=value` of the answer."""

    def __init__(self, url: str, *, token: str, body: str, accepted: str, timeout: float) -> None:
        self._url, self._token, self._timeout = url, token, timeout
        self._body: Any = json.loads(body)
        self._accepted = accepted.partition("=")[::2] if accepted else None
        self._opener = urllib.request.build_opener(_Straight)

    def send(self, message: Sms) -> None:
        places = {
            **message.parameters,
            "id": message.id,
            "phone": message.phone,
            "template": message.template,
            "text": message.text,
        }
        request = urllib.request.Request(
            self._url,
            data=json.dumps(_filled(self._body, places)).encode(),
            headers={"Content-Type": "application/json", **self._authorization()},
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                said = answer.read(65_536)
        except urllib.error.HTTPError as error:
            error.close()
            raise GatewayError(f"http {error.code}") from None
        except (OSError, HTTPException) as error:
            raise GatewayError(type(error).__name__) from None
        self._judge(said)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _judge(self, said: bytes) -> None:
        if self._accepted is None:
            return
        name, value = self._accepted
        try:
            found = json.loads(said).get(name)
        except (ValueError, AttributeError):
            raise GatewayError("answer is no json object") from None
        if str(found) != value:
            raise GatewayError("not accepted")


def _filled(part: Any, places: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        for name, value in places.items():
            part = part.replace("{" + name + "}", value)
        return part
    if isinstance(part, list):
        return [_filled(each, places) for each in part]
    if isinstance(part, dict):
        return {key: _filled(each, places) for key, each in part.items()}
    return part


def gateway() -> SmsGateway | None:
    """The way out that settings name; None where there is none."""
    match settings.SMS_GATEWAY:
        case "console":
            return ConsoleGateway()
        case "file":
            return FileGateway(settings.SMS_FILE)
        case "http":
            return HttpGateway(
                settings.SMS_URL,
                token=settings.SMS_TOKEN,
                body=settings.SMS_BODY,
                accepted=settings.SMS_ACCEPTED,
                timeout=settings.SMS_TIMEOUT,
            )
    return None
