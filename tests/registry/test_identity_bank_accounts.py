"""Bank accounts: warnings that tell the clerk what is odd, and silence where nothing is."""

from __future__ import annotations

import pytest

from registry.identity.bank_accounts import normalise_account, suspect


@pytest.mark.parametrize("value", ["", "4111111111111111", "6222021234567890128", "123456789012"])
def test_nothing_odd(value: str) -> None:
    assert suspect(value) == ""


@pytest.mark.parametrize(
    ("value", "numeric", "says"),
    [
        ("4111111111111112", False, "校验位"),
        ("6222021234567890000", False, "Excel"),
        ("6222021234567890128", True, "Excel"),
        ("123456789012345678901", False, "位数"),
        ("12345", False, "位数"),
        ("6222X21234567890128", False, "数字"),
    ],
)
def test_what_is_odd_is_said_without_the_number(value: str, numeric: bool, says: str) -> None:
    message = suspect(value, numeric)
    assert says in message
    assert value not in message


def test_cells_are_cleaned() -> None:
    assert normalise_account("６２２２ 0212-3456\u00a07890128") == ("6222021234567890128", True)
