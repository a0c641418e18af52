"""Natural persons behind staff accounts: found by the keyed index of their identity number, or made.

Rules of four eyes compare holders, never accounts: one person may well have two.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _t

from registry.accounts.models import Holder, User
from registry.audit import services as audit
from registry.identity import id_numbers
from registry.identity.current import keyring
from registry.identity.keyring import IDNO
from registry.identity.uuid7 import uuid7

# Any fixed number that no other lock of the program uses.
_MAKING = 7_460_001


class HolderFixed(ValidationError):
    """An account keeps its holder; somebody else gets an account of their own."""


def holder_of_number(id_number: str) -> Holder:
    """The person with this identity number. Call it inside the transaction of the deed.

    Raises ValidationError when the number cannot be right.
    """
    verdict = id_numbers.check(id_numbers.normalise(id_number).value)
    if not verdict.ok:
        raise ValidationError({"id_number": verdict.message})
    ring = keyring()
    indexes = ring.blind_indexes(verdict.value, IDNO)
    holder = _find_or_make(indexes)
    if holder.sealed is None:
        # Somebody known by the index alone so far: from now on the index can be made anew under another key.
        holder.sealed = ring.seal(verdict.value, IDNO, holder.pk)
        Holder.objects.filter(pk=holder.pk, sealed=None).update(sealed=holder.sealed)
    return holder


def holder_of_index(person_index: bytes) -> Holder:
    """The person with this keyed index of 32 bytes, for whom only another row holds the number."""
    return _find_or_make([person_index])


@transaction.atomic
def bind(user: User, *, id_number: str, actor: User | None) -> Holder:
    """Say whose account this is, where it is not known yet.

    Raises ValidationError for a number that cannot be right, HolderFixed when the account is another person's.
    """
    holder = holder_of_number(id_number)
    kept = User.objects.select_for_update().get(pk=user.pk)
    if kept.holder_id is not None and kept.holder_id != holder.pk:
        raise HolderFixed(_t("该账号已属于另一人。请停用后为其另建账号。"))
    if kept.holder_id is None:
        User.objects.filter(pk=user.pk).update(holder=holder)
        audit.record(code="accounts.bind", actor=actor, subject_type="user", subject_id=user.pk)
    user.holder = holder
    return holder


def _find_or_make(indexes: Sequence[bytes]) -> Holder:
    """`indexes` are one number under every version of the index key, the active one first.

    While an index key is being changed two processes may make different versions active, so that uniqueness of
    the column alone would let one person in twice: whoever finds nobody looks again under a lock.
    """
    if (holder := _found(indexes)) is not None:
        return holder
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
    if (holder := _found(indexes)) is not None:
        return holder
    return Holder.objects.create(id=uuid7(), person_index=indexes[0])


def _found(indexes: Sequence[bytes]) -> Holder | None:
    return Holder.objects.filter(person_index__in=indexes).first()
