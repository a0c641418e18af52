"""Credit codes: printed specimens, both check digits, and an independent implementation as oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from registry.identity import credit_codes as codes

alphabet = st.sampled_from(codes.ALPHABET)


def code(department: str, kind: str, region: str, subject: str) -> str:
    first17 = department + kind + region + subject + codes.organisation_check(subject)
    return first17 + codes.check_character(first17)


@pytest.mark.parametrize(
    ("value", "department", "organisation"),
    [
        ("91350100M000100Y43", "市场监管", "M000100Y4"),
        ("11150000011512968L", "机构编制", "011512968"),
        ("11450700552294158A", "机构编制", "552294158"),
    ],
)
def test_printed_specimens_are_good(value: str, department: str, organisation: str) -> None:
    verdict = codes.check(value)
    assert verdict.ok
    assert (verdict.department, verdict.organisation) == (department, organisation)
    assert codes.organisation_code_ok(organisation)
    assert uscc.is_valid(value)


@pytest.mark.parametrize("department", "159NYA")
def test_departments_of_villages_and_others_are_accepted(department: str) -> None:
    value = code(department, "3", "650102", "MA7A0001")
    assert codes.check(value).ok


@pytest.mark.parametrize(
    ("value", "fault", "says"),
    [
        ("", codes.CREDIT_LENGTH, "现为 0 位"),
        ("91350100M000100Y4", codes.CREDIT_LENGTH, "现为 17 位"),
        ("9135010OM000100Y43", codes.CREDIT_CHARACTER, "第 8 位"),
        ("91350100M000100Y4-", codes.CREDIT_CHARACTER, "第 18 位"),
        ("9135A100M000100Y43", codes.CREDIT_CHARACTER, "第 5 位"),
        ("X1350100M000100Y43", codes.CREDIT_DEPARTMENT, "第 1 位"),
        ("91350100M000100Y44", codes.CREDIT_CHECK_DIGIT, "应为 3"),
        ("91350100M001000Y43", codes.CREDIT_CHECK_DIGIT, "主体标识码也有错"),
    ],
)
def test_the_first_fault_is_named(value: str, fault: str, says: str) -> None:
    verdict = codes.check(value)
    assert (verdict.code, verdict.ok, verdict.region) == (fault, False, "")
    assert says in verdict.message


def test_an_error_in_the_inner_code_alone_is_found() -> None:
    first17 = "91350100M000100Y" + "5"
    value = first17 + codes.check_character(first17)
    assert uscc.is_valid(value)  # the oracle does not look inside
    assert codes.check(value).code == codes.CREDIT_INNER_CHECK_DIGIT


def test_cells_are_cleaned() -> None:
    assert codes.normalise_code(" 91350100-m000100y-43") == ("91350100M000100Y43", True)
    assert codes.normalise_code("91350100M000100Y43") == ("91350100M000100Y43", False)


@given(st.text(alphabet, min_size=8, max_size=8), st.integers(0, 999999))
def test_the_oracle_agrees(subject: str, region: int) -> None:
    value = code("9", "1", f"{region:06d}", subject)
    assert codes.check(value).ok
    assert uscc.is_valid(value)


@given(st.text(alphabet, min_size=8, max_size=8), st.integers(0, 17), alphabet)
def test_no_single_wrong_character_passes(subject: str, at: int, char: str) -> None:
    value = code("5", "2", "650102", subject)
    wrong = value[:at] + char + value[at + 1 :]
    assert codes.check(wrong).ok == (wrong == value)


@given(st.text(max_size=20))
def test_any_text_gets_a_verdict(raw: str) -> None:
    verdict = codes.check(codes.normalise_code(raw).value)
    assert verdict.ok == (verdict.message == "")
