"""What rooms above have to say against an issue: registered once when the program is ready, asked before numbering.

Printing refuses whoever has a character that no font has; evaluations refuse whoever has no photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from certificates.issuance.entries import REFUSALS, Entry, Refused
from certificates.issuance.sealing import Holder


class Subject(NamedTuple):
    """One line with what will be printed of its holder."""

    entry: Entry
    holder: Holder
    family: str
    institution_id: int
    institution_name: str


#: (subjects of one chunk) → refusals by place in it; asked by set, so one query for all
Check = Callable[[Sequence[Subject]], Mapping[int, Refused]]

_checks: dict[str, Check] = {}
_words: dict[str, object] = {}

#: certificate → labelled lines for its page
Facts = Callable[[int], Sequence[tuple[str, str]]]

_facts: dict[Facts, None] = {}


def register(name: str, check: Check, refusals: Mapping[str, object]) -> None:
    """Have a check asked; `refusals` are its codes and what they read like."""
    _checks[name] = check
    _words.update(refusals)


def name(refusals: Mapping[str, object]) -> None:
    """Say what refusals read like that a source itself knows of (`Entry.barred`)."""
    _words.update(refusals)


def refusals(subjects: Sequence[Subject]) -> dict[int, Refused]:
    """What all checks together refuse, the first reason of each."""
    found: dict[int, Refused] = {}
    for check in _checks.values():
        for place, refused in check(subjects).items():
            found.setdefault(place, refused)
    return found


def register_facts(facts: Facts) -> None:
    """Have lines of a room above stand on the page of a certificate."""
    _facts[facts] = None


def facts(certificate_id: int) -> list[tuple[str, str]]:
    """What rooms above have to say of a certificate."""
    return [line for each in _facts for line in each(certificate_id)]


def wording(code: str) -> str:
    """What a refusal reads like."""
    return str(REFUSALS.get(code) or _words.get(code) or code)
