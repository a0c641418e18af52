"""Verbs at the trainees' door: knock, come in with the code, and prove who somebody is.

What a knock does is the same whether or not it finds somebody: the same statements, one message put down, one answer.
Limits count by what the visitor typed and where they come from, never by what was found.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from registry.accounts import services as accounts
from registry.accounts.models import Role, User
from registry.accounts.outbox import put
from registry.audit import services as audit
from registry.door.models import Knock, Verification
from registry.identity import id_numbers
from registry.identity.current import keyring
from registry.identity.keyring import IDNO, PHONE
from registry.lib import figures
from registry.lib.keyed import keyed
from registry.lib.limits import Take, Wait, give_back, take_all
from registry.lib.text import name_key
from registry.people import services as people
from registry.people.models import Person, Phone

DIGITS = 6
_NOBODY = UUID(int=0)

# One row for a known number, with the telephone that a code goes to: one that was checked before a clerk; else the
# newest that is no longer cooling; else the oldest.
_WHO = """
SELECT p.id, p.name_key, coalesce(u.is_active, true), t.id, t.sealed, t.blind_index
FROM people_document d
JOIN people_person p ON p.id = d.person_id
LEFT JOIN accounts_user u ON u.id = p.user_id
LEFT JOIN LATERAL (
    SELECT n.id, n.sealed, n.blind_index
    FROM people_phone n
    WHERE n.person_id = p.id
    ORDER BY EXISTS (SELECT FROM door_verification v
                     WHERE v.person_id = p.id AND v.phone_index = n.blind_index AND v.valid_to >= %(day)s) DESC,
             n.created_at < %(cooled)s DESC,
             CASE WHEN n.created_at < %(cooled)s THEN n.created_at END DESC,
             n.created_at
    LIMIT 1) t ON true
WHERE d.blind_index = ANY (%(indexes)s)
ORDER BY d.blind_index = (%(indexes)s)[1] DESC
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a try is counted by, and compared with: keyed, so that neither name nor number is handed on."""

    number_index: bytes
    name_index: bytes
    network: bytes


@dataclass(frozen=True, slots=True)
class _Found:
    outcome: Knock.Outcome
    person_id: UUID | None = None
    phone: str = ""
    phone_index: bytes | None = None


def visitor(number: str, name: str, network: str) -> Visitor:
    """Of an identity number as typed, a name as typed, and the network that the request came from."""
    return Visitor(
        keyring().blind_index(_number(number), IDNO),
        _keyed("name", name_key(name)),
        _keyed("network", network),
    )


def knock(*, number: str, name: str, network: str) -> Knock | Wait:
    """Look for the person, and send a code to the telephone on record if there is one. Wait: too many tries."""
    who = visitor(number, name, network)
    wait = take_all(_takes(who))
    return wait or _answer(who, _look(number, name))


def knock_again(knock_id: UUID, network: str) -> Knock | Wait | None:
    """Another code for the same try. None when that try is unknown, too old or was used."""
    last = Knock.objects.filter(
        pk=knock_id, used_at=None, created_at__gt=timezone.now() - timedelta(hours=1)
    ).first()
    if last is None:
        return None
    who = Visitor(bytes(last.number_index), bytes(last.name_index), _keyed("network", network))
    wait = take_all(_takes(who))
    if wait is not None:
        return wait
    Knock.objects.filter(pk=last.pk).update(expires_at=timezone.now())
    return _answer(who, _number_of(last))


def _takes(who: Visitor) -> list[Take]:
    return [
        Take(f"door.number|{who.number_index.hex()}", figures.limits("door.number")),
        Take(f"door.network|{who.network.hex()}", figures.limits("door.network")),
        Take(f"door.name|{who.name_index.hex()}", figures.limits("door.name")),
    ]


@transaction.atomic
def _answer(who: Visitor, found: _Found) -> Knock:
    holds = figures.number("code.seconds")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    row, now = uuid.uuid4(), timezone.now()
    made = Knock.objects.create(
        id=row,
        outcome=found.outcome,
        person_id=found.person_id,
        phone_index=found.phone_index,
        number_index=who.number_index,
        name_index=who.name_index,
        network=who.network,
        code=_code(row, code),
        expires_at=now + timedelta(seconds=holds),
    )
    put(
        phone=found.phone if found.outcome == Knock.Outcome.MATCH else "",
        template="sign_in",
        parameters={"code": code, "minutes": str(holds // 60)},
        expires_at=made.expires_at,
    )
    return made


def _look(number: str, name: str) -> _Found:
    return _judged(keyring().blind_indexes(_number(number), IDNO), name_key(name))


def _number_of(last: Knock) -> _Found:
    """The same answer as before, with the telephone as it is now."""
    found = _judged([bytes(last.number_index)], None)
    return (
        found if last.outcome == Knock.Outcome.MATCH else _Found(Knock.Outcome(last.outcome), last.person_id)
    )


def _judged(indexes: list[bytes], typed: str | None) -> _Found:
    now = timezone.now()
    given: dict[str, Any] = {
        "indexes": indexes,
        "day": timezone.localdate(now),
        "cooled": now - timedelta(days=figures.number("phone.cooling_days")),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WHO, given)
        row: Any = cursor.fetchone()
    # Both are done for a try that found nobody too: opening a sealed telephone, and comparing names.
    person_id, on_record, active, phone_id, sealed, phone_index = row or (None, "", True, _NOBODY, b"", b"")
    phone = keyring().open_(bytes(sealed), PHONE, phone_id).decode() if sealed else _nobodys()
    alike = typed is None or hmac.compare_digest(typed.encode(), on_record.encode())
    if person_id is None:
        return _Found(Knock.Outcome.UNKNOWN)
    if not alike:
        return _Found(Knock.Outcome.OTHER_NAME, person_id)
    if not active or not sealed:
        return _Found(Knock.Outcome.SILENT, person_id)
    return _Found(Knock.Outcome.MATCH, person_id, phone, bytes(phone_index))


def _nobodys() -> str:
    return keyring().open_(_decoy(keyring().active_key), PHONE, _NOBODY).decode()


@cache
def _decoy(_key: str) -> bytes:
    return keyring().seal("0" * 11, PHONE, _NOBODY)


# --- the code ---------------------------------------------------------------------------------------


def enter(knock_id: UUID, code: str) -> User | None:
    """The account of whoever knows the code; made on the first visit. None: wrong, too late, or too often wrong."""
    with connection.cursor() as cursor:
        # Counted before it is compared, by one statement: a hundred guesses at once are a hundred guesses.
        cursor.execute(
            """
            UPDATE door_knock SET tries = tries + 1
            WHERE id = %s AND tries < %s AND used_at IS NULL AND expires_at > clock_timestamp()
            RETURNING code, outcome
            """,
            [knock_id, figures.number("code.tries")],
        )
        row = cursor.fetchone()
    wanted, outcome = row or (bytes(32), "")
    right = hmac.compare_digest(bytes(wanted), _code(knock_id, code))
    if not right or outcome != Knock.Outcome.MATCH:
        return None
    return _come_in(knock_id)


@transaction.atomic
def _come_in(knock_id: UUID) -> User | None:
    if not Knock.objects.filter(pk=knock_id, used_at=None).update(used_at=timezone.now()):
        return None
    used = Knock.objects.get(pk=knock_id)
    held = Person.objects.select_for_update()
    person = held.filter(pk=used.person_id).first() if used.person_id else None
    if person is not None and person.merged_into_id is not None:
        person = held.get(pk=person.merged_into_id)
    if person is None:
        return None
    user = account_of(person)
    if user is None:
        return None
    who = Visitor(bytes(used.number_index), bytes(used.name_index), bytes(used.network))
    for each in _takes(who)[1:]:  # the number's own stay: so many messages a day are enough
        give_back(each.key)
    return user


def account_of(person: Person) -> User | None:
    """The trainee's own account, made if there is none yet; None while it is closed. The person's row is locked."""
    if person.user is None:
        person.user = accounts.create_user(
            username=f"trn-{secrets.token_hex(8)}",
            password=None,
            display_name=str(Role.TRN.label),  # an account lives in records that are kept for ever
            actor=None,
        )
        person.save(update_fields=["user"])
    user: User = person.user
    if not user.is_active:
        return None
    if not user.memberships.filter(role=Role.TRN).exists():
        accounts.grant_membership(user=user, role=Role.TRN, reason="first sign-in", actor=None)
    return user


@transaction.atomic
def enter_as(number: str) -> User | None:
    """The account of whoever the state says has this number, noted as proved. None: not on record, or closed."""
    indexes = keyring().blind_indexes(_number(number), IDNO)
    held = Person.objects.select_for_update(of=("self",))
    person = held.filter(documents__blind_index__in=indexes).first()
    if person is not None and person.merged_into_id is not None:
        person = held.get(pk=person.merged_into_id)
    user = account_of(person) if person is not None else None
    if person is not None and user is not None:
        verify(person, kind=Verification.Kind.OIDC, actor=user)
    return user


# --- how sure we are --------------------------------------------------------------------------------


def assurance_of(knock_id: UUID) -> int:
    """2 if the code went to a telephone that was checked before a clerk not too long ago, else 1."""
    used = Knock.objects.get(pk=knock_id)
    if used.person_id is None or used.phone_index is None:
        return 1
    checked = Verification.objects.filter(
        person_id=used.person_id, phone_index=used.phone_index, valid_to__gte=timezone.localdate()
    )
    return 2 if checked.exists() else 1


@transaction.atomic
def verify(
    person: Person, *, kind: Verification.Kind, phone_index: bytes | None = None, actor: User | None
) -> Verification:
    """Write down that somebody proved who they are; later sign-ins by that telephone are of level 2 for a time."""
    made = Verification.objects.create(
        person=person,
        kind=kind,
        phone_index=phone_index,
        by=actor,
        valid_to=timezone.localdate() + timedelta(days=figures.number("assurance.days")),
    )
    audit.record(
        code="door.verify",
        actor=actor,
        subject_type="person",
        subject_id=person.pk,
        after={
            "kind": str(kind),
            "valid_to": made.valid_to.isoformat(),
            "raises_codes": phone_index is not None,
        },
        person_id=person.pk,
    )
    return made


@transaction.atomic
def verify_in_person(
    person: Person, *, phone: Phone | None, new_phone: str = "", actor: User
) -> Verification:
    """A clerk saw person and document, and confirmed a telephone: one on record, or a new one (11 digits), or none.

    Whoever has the telephone that codes went to so far is told of a new one.
    """
    if new_phone:
        tell_of(person, new_phone)
        phone = people.add_phone(person, new_phone, actor=actor)
    return verify(
        person,
        kind=Verification.Kind.IN_PERSON,
        phone_index=bytes(phone.blind_index) if phone else None,
        actor=actor,
    )


def tell_of(person: Person, new_phone: str) -> None:
    """Put a notice down for each other telephone of the person."""
    index = keyring().blind_index(new_phone, PHONE)
    for held in person.phones.exclude(blind_index=index):
        put(
            phone=keyring().open_(bytes(held.sealed), PHONE, held.id).decode(),
            template="phone_added",
            parameters={"last": new_phone[-4:]},
            expires_at=timezone.now() + timedelta(hours=figures.number("notice.hours")),
        )


def tell_of_added(since: datetime, until: datetime) -> int:
    """Tell whoever has signed in before of telephones that sheets brought in this span; returns how many of these."""
    added = Phone.objects.filter(created_at__gte=since, created_at__lt=until, person__user__isnull=False)
    n = 0
    for one in added.select_related("person").iterator(chunk_size=500):
        if one.person.phones.filter(created_at__lt=one.created_at).exists():
            tell_of(one.person, keyring().open_(bytes(one.sealed), PHONE, one.id).decode())
            n += 1
    return n


def prune(*, before: datetime) -> int:
    """Delete tries older than they are kept; returns how many."""
    return Knock.objects.filter(created_at__lt=before).delete()[0]


def _number(typed: str) -> str:
    return id_numbers.check(id_numbers.normalise(typed).value).value


def _code(row: UUID, code: str) -> bytes:
    return _keyed("code", f"{row}|{code}")


def _keyed(use: str, text: str) -> bytes:
    return keyed(f"door|{use}", text)
