"""What a certificate's number says of itself, and against its row (domain §1.1, §1.2)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.issuance import numbering
from certificates.issuance.numbering import level_disagrees, normalise, read, year_disagrees


@pytest.mark.parametrize(
    ("number", "verdict", "format_"),
    [
        ("S000065000123244000057", numbering.KEPT_RULE, numbering.SKILL),
        ("Y000123000001195000001", numbering.KEPT_RULE, numbering.SKILL),
        ("S000035001051243000362", numbering.KEPT_RULE, numbering.SKILL),
        ("S00006500012324T000057", numbering.KEPT_RULE, numbering.SKILL_TOP),
        ("Q000065000123244000057", numbering.UNKNOWN_LETTER, numbering.SKILL),
        ("S00006500012324400005", numbering.BROKEN, numbering.SKILL),
        ("S0000650001232440000571", numbering.BROKEN, numbering.SKILL),
        ("S000065000123246000057", numbering.BROKEN, numbering.SKILL),
        ("S000065000123244000000", numbering.BROKEN, numbering.SKILL),
        ("S0000650001232A4000057", numbering.BROKEN, numbering.SKILL),
        ("1831000000300123", numbering.PLAUSIBLE, numbering.QUALIFICATION),
        ("1831000000301", numbering.PLAUSIBLE, numbering.QUALIFICATION),
        ("T65010219990712224X", numbering.PLAUSIBLE, numbering.SPECIAL),
        ("新培合字〔2024〕第0012号", numbering.PLAUSIBLE, numbering.COMPLETION),
        ("KS-2024-0012", numbering.PLAUSIBLE, numbering.COMPLETION),
        ("??", numbering.UNKNOWN_SHAPE, ""),
        ("证书", numbering.UNKNOWN_SHAPE, ""),
    ],
)
def test_structure(number: str, verdict: str, format_: str) -> None:
    found = read(number)
    assert (found.verdict, found.format) == (verdict, format_)
    assert len(verdict) <= 24


def test_year_and_level_in_the_number() -> None:
    found = read("S000065000123244000057")
    assert not year_disagrees(found, dt.date(2024, 12, 31))
    assert year_disagrees(found, dt.date(2025, 1, 1))
    assert not level_disagrees(found, 3)  # 4 in the number is 中级工, rank 3
    assert level_disagrees(found, 2) and level_disagrees(found, 4)


def test_the_digit_runs_backwards() -> None:
    ranks = [read(f"S00006500012324{digit}000057").parts.rank for digit in "54321"]
    assert ranks == [2, 3, 4, 5, 6]


def test_a_letter_stands_for_the_top_grades() -> None:
    found = read("S00006500012324T000057")
    assert not level_disagrees(found, 7) and not level_disagrees(found, 8)
    assert level_disagrees(found, 6)


def test_other_families_say_neither_year_nor_level() -> None:
    """Positions 3 and 4 follow the old table of the labour ministry, and one frame serves two families."""
    found = read("1831000000300123")
    assert not year_disagrees(found, dt.date(2024, 1, 1)) and not level_disagrees(found, 2)


def test_normalise() -> None:
    assert normalise(" s０00065 000123244000057") == "S000065000123244000057"
    assert normalise("s000065000123244000057") == "S000065000123244000057"


@given(st.text(max_size=45))
def test_any_text_gets_a_verdict(text: str) -> None:
    found = read(normalise(text))
    assert found.verdict and found.number == normalise(text)


@given(st.integers(0, 99), st.sampled_from("12345"), st.integers(1, 999_999))
def test_every_number_by_the_rule_keeps_it(year: int, level: str, serial: int) -> None:
    found = read(f"S000065000123{year:02d}{level}{serial:06d}")
    assert found.verdict == numbering.KEPT_RULE and found.parts.year == year
