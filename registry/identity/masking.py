"""How personal data is shown where the whole of it is not needed. A mask is made once, and stored beside
the seal.

Lists inside show where a number was issued and its last four; what the public sees never shows a birth date.
"""

from __future__ import annotations

STAR = "*"


def mask_name(name: str) -> str:
    """张* for two characters, 张*三 for more: enough to tell people of one list apart, and no more."""
    if len(name) < 2:
        return STAR * len(name)
    return name[0] + STAR + (name[-1] if len(name) > 2 else "")


def mask_id_number(value: str) -> str:
    """For lists inside: the first six and last four of 18; of shorter documents a quarter at either end."""
    if len(value) == 18:
        return f"{value[:6]}{STAR * 8}{value[-4:]}"
    kept = len(value) // 4
    return value[:kept] + STAR * (len(value) - 2 * kept) + value[len(value) - kept :]


def mask_id_public(value: str) -> str:
    """For public notices: the first three and last four of 18, else the last two; never the birth date."""
    if len(value) == 18:
        return f"{value[:3]}{STAR * 11}{value[-4:]}"
    return STAR * (len(value) - 2) + value[-2:] if len(value) > 4 else STAR * len(value)


def mask_phone(phone: str) -> str:
    """138****0000; of other numbers the last two."""
    if len(phone) == 11:
        return f"{phone[:3]}{STAR * 4}{phone[-4:]}"
    return STAR * (len(phone) - 2) + phone[-2:] if len(phone) > 4 else STAR * len(phone)


def mask_account(account: str) -> str:
    """The last four of a bank account, whatever its length."""
    return STAR * 4 + account[-4:] if len(account) > 8 else STAR * len(account)
