"""A log line tells what broke and where, and nothing about anybody."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from registry.audit.context import Acting, acting_as
from registry.config.logs import BLOT, JsonLines, without_numbers
from registry.identity.uuid7 import uuid7

NUMBER, PHONE, ACCOUNT = "653101199001011237", "13899512345", "6217004220001234567"


def line(message: str, *args: object, **more: Any) -> dict[str, Any]:
    exc_info = more.pop("exc_info", None)
    record = logging.LogRecord("registry.x", logging.ERROR, "x.py", 1, message, args, exc_info)
    record.__dict__.update(more)
    made: dict[str, Any] = json.loads(JsonLines().format(record))
    return made


def test_numbers_are_blotted_out_of_messages_and_fields() -> None:
    told = line(
        "row %s, call %s", NUMBER, f"+86 {PHONE}", batch="b1", note=f"账号{ACCOUNT}", rows=[NUMBER, 3]
    )
    assert told["message"] == f"row {BLOT}, call {BLOT}"
    assert (told["batch"], told["note"], told["rows"]) == ("b1", f"账号{BLOT}", [BLOT, 3])


def test_personal_fields_are_left_out_however_deep() -> None:
    told = line("x", phone=PHONE, id_number=NUMBER, facts={"person_name": "张三", "kind": "roster"})
    assert "张三" not in json.dumps(told, ensure_ascii=False) and told["facts"] == {"kind": "roster"}
    assert not {"phone", "id_number"} & set(told)


def test_of_an_exception_only_kind_and_places_are_kept() -> None:
    try:
        try:
            raise ValueError(f"张三 {NUMBER} is no number")
        except ValueError as error:
            raise LookupError("张三") from error
    except LookupError:
        told = line("failed", exc_info=sys.exc_info())
    assert [each["kind"] for each in told["exception"]] == ["builtins.LookupError", "builtins.ValueError"]
    assert "test_config_logs.py" in told["exception"][0]["at"][0]
    assert "张三" not in json.dumps(told, ensure_ascii=False)


@pytest.mark.django_db
def test_a_database_error_names_its_constraint_and_no_value() -> None:
    with pytest.raises(IntegrityError) as caught, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE t (name text CONSTRAINT once UNIQUE)")
        cursor.execute("INSERT INTO t VALUES ('张三'), ('张三')")
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg.Error) and "张三" in str(cause)
    told = line("failed", exc_info=(type(caught.value), caught.value, caught.value.__traceback__))
    assert told["exception"][1]["constraint"] == "once"
    assert "张三" not in json.dumps(told, ensure_ascii=False)


def test_a_line_names_its_request() -> None:
    with acting_as(Acting(request_id="ab" * 16)):
        assert line("x")["request"] == "ab" * 16


@given(st.integers(0, 2**40))
def test_our_own_ids_are_kept(_draw: int) -> None:
    ours = str(uuid7())
    assert without_numbers(f"batch {ours} {ours.replace('-', '')}") == f"batch {ours} {ours.replace('-', '')}"


@given(st.from_regex(r"\A[1-9]\d{16}[\dX]\Z"), st.sampled_from(["", " ", "：", "(", "号"]))
def test_no_number_slips_through(number: str, before: str) -> None:
    assert number not in without_numbers(f"{before}{number}。")
