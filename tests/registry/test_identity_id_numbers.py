"""Identity numbers: the specimens of the standard, the order of errors, and properties over drawn numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from registry.identity import id_numbers as ids

TODAY = date(2026, 11, 22)
days = st.dates(date(1910, 1, 1), date(2026, 1, 1))


def number(region: str, born: date, sequence: int) -> str:
    first17 = f"{region}{born:%Y%m%d}{sequence:03d}"
    return first17 + ids.check_digit(first17)


@pytest.mark.parametrize(
    ("value", "kind", "born", "sex"),
    [
        ("11010519491231002X", ids.ID_CARD, date(1949, 12, 31), "F"),
        ("440308199901101512", ids.ID_CARD, date(1999, 1, 10), "M"),
        ("110101199003077571", ids.ID_CARD, date(1990, 3, 7), "M"),
        ("650100199003071232", ids.ID_CARD, date(1990, 3, 7), "M"),
        ("620102198506120043", ids.ID_CARD, date(1985, 6, 12), "F"),
        ("15010219991231112X", ids.ID_CARD, date(1999, 12, 31), "F"),
        ("810000199408230021", ids.HMT_PERMIT, date(1994, 8, 23), "F"),
        ("830000199201300022", ids.HMT_PERMIT, date(1992, 1, 30), "F"),
        ("931840198108060014", ids.FOREIGN_PR, date(1981, 8, 6), ""),
        ("AAA110101900101", ids.FOREIGN_PR_OLD, None, ""),
        ("H12345678", ids.HM_PASS, None, ""),
    ],
)
def test_published_specimens_are_good(value: str, kind: str, born: date | None, sex: str) -> None:
    assert ids.check(value, on=TODAY) == ids.Verdict(value, kind, born, sex)


@pytest.mark.parametrize(
    ("value", "code", "says"),
    [
        ("", ids.ID_LENGTH, "18 位"),
        ("1101051949123100", ids.ID_LENGTH, "现为 16 位"),
        ("11010519491231002XX", ids.ID_LENGTH, "现为 19 位"),
        ("12345678", ids.ID_LENGTH, "18 位"),  # only a sheet that says so makes it a 台胞证
        ("1101051949O231002X", ids.ID_CHARACTER, "第 11 位应为数字"),
        ("11010519491331002Y", ids.ID_CHARACTER, "第 18 位应为数字或 X"),
        ("11010529991231002Y", ids.ID_CHARACTER, "第 18 位"),
        ("11010519491231002Y", ids.ID_CHARACTER, "第 18 位"),
        ("X1010519491231002X", ids.ID_CHARACTER, "第 1 位"),
        ("110105********002X", ids.ID_CHARACTER, "星号"),
        ("11010519491٣31002X", ids.ID_CHARACTER, "第 12 位"),
        ("51110219780229001" + "3", ids.ID_BIRTH_DATE, "不存在"),
        ("110105202612310025", ids.ID_BIRTH_DATE, "晚于今天"),
        ("110105190011210025", ids.ID_BIRTH_DATE, "120 年前"),
        ("110105194912310021", ids.ID_CHECK_DIGIT, "应为 X"),
        ("110105491331002", ids.ID_BIRTH_DATE, "第 7 至 12 位"),
        ("11010549I231002", ids.ID_CHARACTER, "第 9 位"),
    ],
)
def test_first_fault_is_named_in_the_order_of_the_contract(value: str, code: str, says: str) -> None:
    verdict = ids.check(value, on=TODAY)
    assert (verdict.code, verdict.ok) == (code, False)
    assert says in verdict.message
    assert not value or value not in verdict.message


def test_age_of_120_completed_years_is_the_last_one_believed() -> None:
    eve, day = date(1905, 11, 22), date(1905, 11, 23)
    assert ids.check(number("110105", eve, 2), on=TODAY).code == ids.ID_BIRTH_DATE
    assert ids.check(number("110105", day, 2), on=TODAY).ok
    assert ids.check(number("110105", TODAY, 2), on=TODAY).ok


def test_fifteen_digits_become_eighteen() -> None:
    verdict = ids.check("110105491231002", on=TODAY)
    assert (verdict.value, verdict.region) == ("11010519491231002X", "110105")


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (ids.PASSPORT, "E12345678", ""),
        (ids.PASSPORT, "E123", ids.ID_LENGTH),
        (ids.PASSPORT, "E1234-678", ids.ID_CHARACTER),
        (ids.HM_PASS, "M1234567801", ""),
        (ids.HM_PASS, "A12345678", ids.ID_CHARACTER),
        (ids.TW_PASS, "12345678", ""),
        (ids.TW_PASS, "1234567", ids.ID_LENGTH),
        (ids.FOREIGN_PR, "AAA110101900101", ""),
        (ids.FOREIGN_PR, "AAA11010190010", ids.ID_LENGTH),
        (ids.ID_CARD, "H12345678", ids.ID_LENGTH),
    ],
)
def test_kind_named_by_the_sheet_decides(kind: str, value: str, code: str) -> None:
    assert ids.check(value, kind, TODAY).code == code


def test_unknown_kind_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        ids.check("E12345678", "driver", TODAY)


@pytest.mark.parametrize(
    "raw",
    [
        "'11010519491231002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002x",
        "11010519491231002×",
        "11010519491231002Ⅹ",
        "11010519491231002Х",
        "\u200b11010519491231002\u00a0X\t",
        "\ufeff110105\u300019491231002\x00X\u202c",
    ],
)
def test_what_clerks_type_is_cleaned(raw: str) -> None:
    assert ids.normalise(raw) == ("11010519491231002X", True)


def test_clean_number_is_not_reported_as_cleaned() -> None:
    assert ids.normalise("11010519491231002X") == ("11010519491231002X", False)


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_more(raw: str) -> None:
    once = ids.normalise(raw).value
    assert ids.normalise(once).value == once


@given(st.text(max_size=30), st.sampled_from((None, *ids.KINDS)))
def test_any_text_gets_a_verdict(raw: str, kind: str | None) -> None:
    value = ids.normalise(raw).value
    verdict = ids.check(value, kind, TODAY)
    assert verdict.ok == (verdict.message == "")


@pytest.mark.parametrize(
    ("text", "numeric", "cut"),
    [
        ("110101199001011000", False, True),
        ("1.10101E+17", False, True),
        ("1.10101199001011E17", False, True),
        ("650102199003071232.0", False, True),
        ("650102199003071232", True, True),
        ("11010119900101123", True, True),
        ("11010519491231002X", False, False),
        ("110101199003077571", False, False),
        ("110105491231000", False, False),
        ("E12345678", False, False),
    ],
)
def test_numbers_cut_by_excel_are_recognised(text: str, numeric: bool, cut: bool) -> None:
    assert ids.looks_cut_by_excel(text, numeric) is cut


@given(st.sampled_from(("650102", "510922", "653228", "110101")), days, st.integers(0, 999))
def test_drawn_numbers_are_read_back(region: str, born: date, sequence: int) -> None:
    value = number(region, born, sequence)
    verdict = ids.check(value, on=TODAY)
    assert verdict == ids.Verdict(value, ids.ID_CARD, born, "M" if sequence % 2 else "F")
    assert verdict.region == region
    assert ric.calc_check_digit(value) == value[17]
    if region == "110101":  # the oracle refuses people whose county was abolished or is younger than its list
        assert ric.is_valid(value)
        assert ric.get_birth_date(value) == born


@given(days, st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789"))
def test_no_single_wrong_digit_passes(born: date, sequence: int, at: int, digit: str) -> None:
    value = number("650102", born, sequence)
    wrong = value[:at] + digit + value[at + 1 :]
    verdict = ids.check(wrong, on=TODAY)
    assert verdict.ok == (wrong == value)


@given(days, st.integers(0, 999), st.integers(0, 16))
def test_no_swap_of_neighbours_passes(born: date, sequence: int, at: int) -> None:
    value = number("650102", born, sequence)
    swapped = value[:at] + value[at + 1] + value[at] + value[at + 2 :]
    assert ids.check(swapped, on=TODAY).ok == (swapped == value)


@given(days, st.integers(0, 999))
def test_old_and_new_form_are_one_number(born: date, sequence: int) -> None:
    value = number("650102", born, sequence)
    if value[6:8] == "19":
        assert ids.check(value[:6] + value[8:17], on=TODAY).value == value
