"""Erasing accounts of trainees: closed for good, and nothing left in them that tells whose they were.

The row itself stays, because records name its number. An account that was ever held in another capacity belongs to
the record of somebody's work and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from registry.accounts.models import Membership, Role, User

_OURS = ("registry", "certificates", "training")

_BLANK = """
UPDATE accounts_user SET username = 'erased-' || id, display_name = '', password = '!', last_login = NULL,
    is_active = false
WHERE id = ANY(%s)
"""
# A holder stays on record; of one whose accounts are all erased nothing may lead back to the number.
_UNKNOWN = """
UPDATE accounts_holder h SET sealed = NULL, person_index = sha256(uuid_send(gen_random_uuid()) || uuid_send(h.id))
FROM accounts_user u
WHERE u.holder_id = h.id AND u.id = ANY(%(users)s)
  AND NOT EXISTS (SELECT FROM accounts_user o WHERE o.holder_id = h.id AND o.id <> ALL(%(users)s))
"""


def only_trainees(users: Sequence[int]) -> list[int]:
    """Those of the accounts that never had another capacity than a trainee's."""
    staff = (
        Membership.objects.filter(user_id__in=users).exclude(role=Role.TRN).values_list("user_id", flat=True)
    )
    return sorted(set(users) - set(staff))


def forget(users: Sequence[int]) -> dict[str, int]:
    """Close the accounts and destroy what they hold of their holders; returns how many rows of what."""
    names = list(User.objects.filter(pk__in=users).values_list("username", flat=True))
    gone = _of_libraries(users) + _attempts(names)
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN, {"users": list(users)})
        cursor.execute(_BLANK, [list(users)])
        return {"accounts": int(cursor.rowcount), "sign_in_rows": gone}


def _of_libraries(users: Sequence[int]) -> int:
    """Addresses, second factors, sessions and outside identities that libraries keep beside an account."""
    gone = 0
    for model in apps.get_models():
        if model._meta.app_label in _OURS:
            continue
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey) and field.related_model is User:
                deleted, _each = model._default_manager.filter(**{f"{field.name}__in": list(users)}).delete()
                gone += deleted
    return gone


def _attempts(names: Sequence[str]) -> int:
    """What the lock-out remembers of tries with these names."""
    gone = 0
    if apps.is_installed("axes"):
        for model in apps.get_app_config("axes").get_models():
            if any(field.name == "username" for field in model._meta.get_fields()):
                deleted, _each = model._default_manager.filter(username__in=list(names)).delete()
                gone += deleted
    return gone
