"""Text messages: what leaves by which way, what is held back, and what is left of them."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from registry.accounts import outbox
from registry.accounts.models import SmsMessage
from registry.accounts.sms import FileGateway, GatewayError, HttpGateway, Sms
from registry.lib.models import Counter

PHONE, CODE = "13800138000", "314159"
MESSAGE = Sms(id="m-1", phone=PHONE, template="sign_in", parameters={"code": CODE, "minutes": "5"})


@dataclass
class Vendor:
    url: str = ""
    status: int = 200
    says: Any = field(default_factory=lambda: {"code": 0})
    slow: float = 0
    heard: list[tuple[dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    held = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            held.heard.append((dict(self.headers), sent))
            time.sleep(held.slow)
            said = json.dumps(held.says).encode()
            self.send_response(held.status)
            if held.status == 302:
                self.send_header("Location", f"{held.url}/elsewhere")
            self.send_header("Content-Length", str(len(said)))
            with suppress(BrokenPipeError):  # who asked has gone
                self.end_headers()
                self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}/send"
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def way(vendor: Vendor, **more: Any) -> HttpGateway:
    body = '{"to": ["{phone}"], "template": "{template}", "vars": {"code": "{code}"}, "ref": "{id}"}'
    return HttpGateway(
        vendor.url, **{"token": "t0ken", "body": body, "accepted": "code=0", "timeout": 2, **more}
    )


def test_a_vendor_gets_its_own_kind_of_json(vendor: Vendor) -> None:
    way(vendor).send(MESSAGE)
    ((headers, sent),) = vendor.heard
    assert headers["Authorization"] == "Bearer t0ken"
    assert sent == {"to": [PHONE], "template": "sign_in", "vars": {"code": CODE}, "ref": "m-1"}


@pytest.mark.parametrize(
    "trouble",
    [{"status": 500}, {"status": 302}, {"says": {"code": 7}}, {"says": ["?"]}, {"slow": 1.0}],
    ids=str,
)
def test_what_a_vendor_did_not_take_is_an_error_that_names_nobody(
    vendor: Vendor, trouble: dict[str, Any]
) -> None:
    for name, value in trouble.items():
        setattr(vendor, name, value)
    with pytest.raises(GatewayError) as error:
        way(vendor, timeout=0.3).send(MESSAGE)
    assert PHONE not in str(error.value) and CODE not in str(error.value)
    assert len(vendor.heard) == 1  # a redirection is not followed


def test_a_vendor_that_is_not_there_is_an_error() -> None:
    with pytest.raises(GatewayError):
        HttpGateway("http://127.0.0.1:9/", token="", body="{}", accepted="", timeout=1).send(MESSAGE)


def test_words_are_those_of_the_template(tmp_path: Path) -> None:
    FileGateway(tmp_path / "sms.jsonl").send(MESSAGE)
    line = json.loads((tmp_path / "sms.jsonl").read_text("utf-8"))
    assert CODE in line["text"] and "5分钟" in line["text"] and "%(" not in line["text"]


# --- the outbox -------------------------------------------------------------------------------------


@pytest.fixture
def outgoing(tmp_path: Path, settings: Any) -> Path:
    settings.SMS_GATEWAY, settings.SMS_FILE = "file", tmp_path / "sms.jsonl"
    return tmp_path / "sms.jsonl"


def put(phone: str = PHONE, seconds: int = 300) -> SmsMessage:
    return outbox.put(
        phone=phone,
        template="sign_in",
        parameters={"code": CODE, "minutes": "5"},
        expires_at=timezone.now() + dt.timedelta(seconds=seconds),
    )


def state(row: SmsMessage) -> tuple[str, str, bytes]:
    row.refresh_from_db()
    return row.state, row.why, bytes(row.sealed)


@pytest.mark.django_db
def test_a_message_is_sent_once_and_then_emptied(outgoing: Path) -> None:
    row = put()
    assert PHONE.encode() not in bytes(row.sealed) and CODE.encode() not in bytes(row.sealed)
    job = ProcrastinateJob.objects.get(task_name="accounts.sms")
    assert job.args == {"message_id": str(row.pk)} and job.queue_name == "sms"
    outbox.deliver(row.pk)
    outbox.deliver(row.pk)
    assert len(outgoing.read_text("utf-8").splitlines()) == 1
    assert state(row) == ("sent", "", b"")


@pytest.mark.django_db
def test_messages_for_somebody_and_for_nobody_are_alike_until_the_worker(outgoing: Path) -> None:
    some, none = put(), put(phone="")
    assert len(bytes(some.sealed)) == len(bytes(none.sealed))
    outbox.deliver(none.pk)
    assert state(none) == ("dropped", "nobody", b"") and not outgoing.exists()


@pytest.mark.django_db
def test_one_telephone_gets_one_a_minute_and_five_an_hour(outgoing: Path) -> None:
    outbox.deliver(put().pk)
    second = put()
    with pytest.raises(outbox.NotYet) as later:
        outbox.deliver(second.pk)
    assert 50 < later.value.seconds <= 60 and state(second)[0] == "waiting"
    outbox.deliver(put(phone="13900139000").pk)
    short = put(seconds=20)
    outbox.deliver(short.pk)
    assert state(short) == ("dropped", "limit", b"")
    assert len(outgoing.read_text("utf-8").splitlines()) == 2


@pytest.mark.django_db
def test_the_breaker_holds_all_messages_back(outgoing: Path, settings: Any, tmp_path: Path) -> None:
    settings.FIGURES_FILE = tmp_path / "figures.toml"
    settings.FIGURES_FILE.write_text(
        '[limits]\n"sms.all" = [{ from = 2026-01-01, most = ["2/1m"] }]\n', "utf-8"
    )
    for number in range(2):
        outbox.deliver(put(phone=f"1380013800{number}").pk)
    with pytest.raises(outbox.NotYet):
        outbox.deliver(put(phone="13800138009").pk)
    assert len(outgoing.read_text("utf-8").splitlines()) == 2


@pytest.mark.django_db
def test_a_gateway_that_is_down_is_tried_again_and_counts_nothing(settings: Any) -> None:
    settings.SMS_GATEWAY, settings.SMS_URL = "http", "http://127.0.0.1:9/"
    row = put()
    for _each in range(3):
        with pytest.raises(outbox.NotYet) as later:
            outbox.deliver(row.pk)
        assert later.value.seconds < 10
    assert state(row)[0] == "waiting"
    assert [counter.hits for counter in Counter.objects.all()] == [[], []]


@pytest.mark.django_db
def test_what_is_late_or_has_no_way_out_is_dropped(outgoing: Path, settings: Any) -> None:
    late = put(seconds=-1)
    outbox.deliver(late.pk)
    assert state(late) == ("dropped", "late", b"")
    settings.SMS_GATEWAY = "none"
    row = put()
    outbox.deliver(row.pk)
    assert state(row) == ("dropped", "no gateway", b"") and not outgoing.exists()


@pytest.mark.django_db
def test_what_no_job_holds_is_emptied_and_old_rows_go(outgoing: Path) -> None:
    lost, old = put(), put()
    SmsMessage.objects.filter(pk=lost.pk).update(expires_at=timezone.now() - dt.timedelta(hours=2))
    SmsMessage.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(days=31))
    assert outbox.prune() == 1
    assert state(lost) == ("dropped", "late", b"")
