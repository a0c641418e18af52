"""A person on record with a telephone, and somebody at the trainees' door."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

from django.test import Client

from registry.accounts import outbox
from registry.accounts.models import SmsMessage
from registry.identity.current import keyring
from registry.identity.masking import mask_id_number, mask_phone
from registry.identity.uuid7 import uuid7
from registry.lib import proof
from registry.lib.models import Counter
from registry.lib.text import name_key
from registry.people.models import Document, Person, Phone

NAME, NUMBER, PHONE = "古丽娜尔", "11010519491231002X", "13800138000"
NOBODYS_NUMBER = "110101199003077571"


def on_record(name: str = NAME, number: str = NUMBER, phone: str | None = PHONE) -> Person:
    person = Person.objects.create(name=name, name_key=name_key(name))
    Document.objects.create(
        id=person.id,
        person=person,
        kind=Document.Kind.ID_CARD,
        sealed=keyring().seal(number, "idno", person.id),
        blind_index=keyring().blind_index(number, "idno"),
        mask=mask_id_number(number),
    )
    if phone:
        add_phone(person, phone)
    return person


def add_phone(person: Person, phone: str, **more: Any) -> Phone:
    row = uuid7()
    return Phone.objects.create(
        id=row,
        person=person,
        sealed=keyring().seal(phone, "phone", row),
        blind_index=keyring().blind_index(phone, "phone"),
        mask=mask_phone(phone),
        **more,
    )


def knock(client: Client, name: str = NAME, number: str = NUMBER, **more: Any) -> Any:
    """Open the page, let the browser compute, and send name and number."""
    asked = asked_by(client.get("/door/").content.decode())
    answer = proof.solve(asked, proof.bits("door"))
    return client.post("/door/", {"name": name, "number": number, "asked": asked, "answer": answer}, **more)


def asked_by(page: str) -> str:
    found = re.search(r'name="asked" value="([^"]+)"', page)
    assert found
    return found[1]


def deliver_all() -> None:
    """What the worker does with everything that waits."""
    for row in SmsMessage.objects.filter(state=SmsMessage.State.WAITING).values_list("pk", flat=True):
        outbox.deliver(UUID(str(row)))


def messages(path: Path) -> list[dict[str, Any]]:
    """What went out, oldest first."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def a_day_later() -> None:
    """As far as limits are concerned."""
    Counter.objects.all().delete()


def last_code(path: Path) -> str:
    return str(messages(path)[-1]["parameters"]["code"])
