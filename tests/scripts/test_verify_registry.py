"""The offline verifier: short, alone, on old and new Pythons, and not to be deceived."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.audit import merkle
from registry.audit.notes import Signer
from tests.logbook import ORIGIN, PYTHONS, SCRIPT, Logbook, lines, read_lines, verify


@pytest.fixture(scope="module")
def book() -> Logbook:
    """Forty entries, with details, manifests of several sizes, and text that looks like structure."""
    book = Logbook()
    for number in range(1, 15):
        book.act(number, "7:a|b|~\n")
        book.detail(number, json.dumps({"name": "张三|\u2028", "n": number}, ensure_ascii=False))
    for number, count in enumerate((1, 2, 255, 256, 257, 1000), 1):
        book.manifest(number, {row: f"thing_v1|{row}|{number}" for row in range(10, 10 + count)})
    book.manifest(9, {f"00000000-0000-0000-0000-{row:012}": "thing_v1|x" for row in range(3)})
    book.act(99)
    return book


@pytest.fixture
def folder(book: Logbook, tmp_path: Path) -> Path:
    return book.write(tmp_path / "export")


def test_it_is_short_and_asks_only_for_the_standard_library() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    assert max(map(len, text.splitlines())) <= 120
    imported = {
        name.name.partition(".")[0]
        for node in ast.walk(ast.parse(text, feature_version=(3, 8)))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in node.names
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "ssl", "subprocess", "ctypes", "pickle"}


@pytest.mark.parametrize("python", PYTHONS)
def test_an_honest_export_passes_with_every_older_checkpoint(
    python: str, book: Logbook, folder: Path, tmp_path: Path
) -> None:
    olds = []
    for size in (0, 1, 2, 7, 16, 31, len(book.bodies)):
        olds.append(tmp_path / f"old-{size}")
        olds[-1].write_text(book.checkpoint(size), "utf-8")
    said = verify(folder, "--key", book.vkey, "--old", *olds, python=python)
    assert said.ok, said.problems
    assert f"一致：{len(book.bodies)} 条记录" in said.told and "7 个旧检查点一致" in said.told
    plain = subprocess.run(
        [python, "-I", "-S", str(SCRIPT), str(folder), "--key", book.vkey],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C"},
    )
    assert plain.stdout.decode().startswith("一致：")


def change(name: str, edit: Callable[[list[dict[str, Any]]], object]) -> Callable[[Path], None]:
    """Rewrite one file of the folder through its parsed lines."""

    def apply(folder: Path) -> None:
        rows = read_lines(folder / name)
        edit(rows)
        lines(folder / name, rows)

    return apply


def text(name: str, edit: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes(edit((folder / name).read_bytes().decode()).encode())

    return apply


ENTRIES, DETAILS, MANIFESTS = "entries.jsonl", "details.jsonl", "manifests.jsonl"
FORGERIES = {
    "an entry edited": (change(ENTRIES, lambda r: r[5].update(body=r[5]["body"] + "x")), "树根"),
    "an entry deleted": (change(ENTRIES, lambda r: r.pop(5)), "应为第 5 条，实为 6"),
    "the last entry deleted": (change(ENTRIES, lambda r: r.pop()), "条数不符"),
    "an entry added": (
        change(ENTRIES, lambda r: r.append({"i": len(r), "body": "action_v1|100|"})),
        "条数不符",
    ),
    "an entry doubled": (change(ENTRIES, lambda r: r.insert(5, dict(r[4]))), "应为第 5 条"),
    "an entry entered twice": (
        change(ENTRIES, lambda r: r.append({"i": len(r), "body": r[0]["body"]})),
        "重复",
    ),
    "two entries exchanged": (
        change(ENTRIES, lambda r: r.__setitem__(slice(2, 4), [{**r[3], "i": 2}, {**r[2], "i": 3}])),
        "应为第",
    ),
    "a detail edited": (change(DETAILS, lambda r: r[3].update(detail='{"name":"李四"}')), "内容与日志不符"),
    "a salt edited": (change(DETAILS, lambda r: r[3].update(salt="00" * 32)), "内容与日志不符"),
    "a detail deleted": (change(DETAILS, lambda r: r.pop(3)), "有缺行"),
    "a detail added": (change(DETAILS, lambda r: r.append({"i": 99, "salt": "", "detail": ""})), "条数不符"),
    "two details exchanged": (
        change(DETAILS, lambda r: r.__setitem__(slice(2, 4), [{**r[3], "i": 5}, {**r[2], "i": 7}])),
        "内容与日志不符",
    ),
    "a row's hash edited": (
        change(MANIFESTS, lambda r: r[3].update(hashes=base64.b64encode(bytes(8192)).decode())),
        "内容与日志不符",
    ),
    "a row taken out of a manifest": (
        change(MANIFESTS, lambda r: r[1].update(ids=r[1]["ids"][:1], hashes=r[0]["hashes"])),
        "内容与日志不符",
    ),
    "ids of a manifest edited": (change(MANIFESTS, lambda r: r[2]["ids"].reverse()), "内容与日志不符"),
    "manifests exchanged": (
        change(MANIFESTS, lambda r: r.__setitem__(slice(3, 5), [{**r[4], "i": 31}, {**r[3], "i": 32}])),
        "内容与日志不符",
    ),
    "a manifest deleted": (change(MANIFESTS, lambda r: r.pop(0)), "有缺行"),
    "a key written twice": (
        text(ENTRIES, lambda t: t.replace('{"i":3,', '{"i":3,"body":"别的","i":3,', 1)),
        "写法不规范",
    ),
    "blanks between": (text(DETAILS, lambda t: t.replace('","detail"', '", "detail"', 1)), "写法不规范"),
    "a line that is no JSON": (text(MANIFESTS, lambda t: "\n" + t), "缺失或写法不对"),
    "the size in the checkpoint": (text("checkpoint", lambda t: t.replace("\n36\n", "\n35\n")), "签名不对"),
    "the signature": (
        text("checkpoint", lambda t: t[:-20] + ("A" if t[-20] == "B" else "B") + t[-19:]),
        "签名不对",
    ),
    "no signature": (text("checkpoint", lambda t: t.partition("—")[0]), "没有所信任的公钥"),
    "another origin": (
        text("checkpoint", lambda t: t.replace(ORIGIN, "other.example/log", 1)),
        "没有所信任的公钥",
    ),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_forgeries_of_the_files_are_found_and_named(kind: str, book: Logbook, folder: Path) -> None:
    forge, named = FORGERIES[kind]
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    forge(folder)
    assert before != {file.name: file.read_bytes() for file in folder.iterdir()}
    said = verify(folder, "--key", book.vkey)
    assert said.code == 1
    assert any(named in problem for problem in said.problems), said.problems


@pytest.mark.parametrize("name", ["checkpoint", ENTRIES, DETAILS, MANIFESTS])
def test_a_missing_file_is_a_finding(name: str, book: Logbook, folder: Path) -> None:
    (folder / name).unlink()
    assert verify(folder, "--key", book.vkey).code == 1


def test_what_the_holder_of_the_key_rewrote_is_found_by_a_checkpoint_from_outside(
    book: Logbook, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_text(book.checkpoint(20), "utf-8")
    fork = Logbook(book.signer, list(book.bodies), book.details, book.manifests)
    fork.bodies[4] = fork.bodies[4].replace("650000", "659001")
    forked = fork.write(tmp_path / "forked")
    assert verify(forked, "--key", book.vkey).ok  # alone, a signed fork cannot be told from the truth
    said = verify(forked, "--key", book.vkey, "--old", outside)
    assert said.code == 1 and "此前的记录被改写过" in said.problems[0]
    back = Logbook(book.signer, book.bodies[:11], dict(list(book.details.items())[:5]))
    rolled = back.write(tmp_path / "rolled")
    assert verify(rolled, "--key", book.vkey).ok
    said = verify(rolled, "--key", book.vkey, "--old", outside)
    assert said.code == 1 and "截短或回滚" in said.problems[0]


def test_erased_and_withheld_details_pass_and_are_counted(book: Logbook, folder: Path) -> None:
    def erase(rows: list[dict[str, Any]]) -> None:
        rows[0], rows[1] = {"i": rows[0]["i"], "erased": True}, {"i": rows[1]["i"], "withheld": True}

    change(DETAILS, erase)(folder)
    said = verify(folder, "--key", book.vkey)
    assert said.ok and "2 份详情已抹除或未随附" in said.told


def test_keys_may_lie_in_files_and_the_wrong_key_is_refused(
    book: Logbook, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(book.vkey + "\n", "utf-8")
    assert verify(folder, "--key", tmp_path / "key").ok
    stranger = Signer.generate(ORIGIN).verifier
    assert verify(folder, "--key", stranger).code == 1
    assert verify(folder, "--key", stranger, "--key", book.vkey).ok
    for bad in ("x", book.vkey[:-4], book.vkey.replace("+", "+0", 1), tmp_path):
        assert verify(folder, "--key", bad).code == 2
    assert verify(folder, "--key", book.vkey, "--old", tmp_path / "none").code == 2


@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_no_bit_of_a_signature_may_differ(bit: int, book: Logbook, folder: Path) -> None:
    note = (folder / "checkpoint").read_text("utf-8")
    head, _, encoded = note.rpartition(" ")
    data = bytearray(base64.b64decode(encoded))
    data[4 + bit // 8] ^= 1 << bit % 8
    (folder / "checkpoint").write_text(f"{head} {base64.b64encode(data).decode()}\n", "utf-8")
    assert verify(folder, "--key", book.vkey).code == 1


def test_a_signature_outside_the_group_is_refused(book: Logbook, folder: Path) -> None:
    """s + L signs the same equation; a checker that takes it lets signatures be changed."""
    order = 2**252 + 27742317777372353535851937790883648493
    note = (folder / "checkpoint").read_text("utf-8")
    head, _, encoded = note.rpartition(" ")
    data = base64.b64decode(encoded)
    raised = (int.from_bytes(data[36:], "little") + order).to_bytes(32, "little")
    (folder / "checkpoint").write_text(f"{head} {base64.b64encode(data[:36] + raised).decode()}\n", "utf-8")
    assert verify(folder, "--key", book.vkey).code == 1


def receipt_of(book: Logbook, rows: int, at: int) -> dict[str, Any]:
    index = next(i for i, manifest in book.manifests.items() if len(manifest["ids"]) == rows)
    hashes = base64.b64decode(book.manifests[index]["hashes"])
    pieces = merkle.pieces(hashes)
    leaves = [merkle.leaf_hash(body.encode()) for body in book.bodies]

    def proof(index: int, hashes: list[bytes]) -> list[str]:
        path = merkle.inclusion_proof(index, len(hashes), merkle.nodes_of(hashes))
        return [base64.b64encode(step).decode() for step in path]

    number = book.bodies[index].split("|")[1]
    return {
        "row": {
            "text": f"thing_v1|{10 + at}|{number}",
            "at": at,
            "piece": base64.b64encode(pieces[at // 256]).decode(),
            "proof": proof(at // 256, [merkle.leaf_hash(piece) for piece in pieces]),
        },
        "leaf": {"i": index, "body": book.bodies[index], "proof": proof(index, leaves)},
        "checkpoint": book.checkpoint(),
    }


@pytest.mark.parametrize(("rows", "at"), [(1, 0), (257, 0), (257, 256), (1000, 511), (1000, 999)])
@pytest.mark.parametrize("python", PYTHONS)
def test_receipts_hold(python: str, rows: int, at: int, book: Logbook, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt_of(book, rows, at)), "utf-8")
    assert verify("--receipt", path, "--key", book.vkey, python=python).ok


def test_forged_receipts_are_refused(book: Logbook, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    action = next(at for at, body in enumerate(book.bodies) if body.startswith("action"))
    forgeries: list[Callable[[dict[str, Any]], object]] = [
        lambda r: r["row"].update(text=r["row"]["text"] + "0"),
        lambda r: r["row"].update(at=r["row"]["at"] + 1),
        lambda r: r["row"].update(at=r["row"]["at"] - 256),
        lambda r: r["row"].update(at=-1),
        lambda r: r["row"].update(proof=r["row"]["proof"][1:]),
        lambda r: r["row"].update(piece=base64.b64encode(hashlib.sha256(b"x").digest() * 256).decode()),
        lambda r: r["leaf"].update(i=r["leaf"]["i"] + 1),
        lambda r: r["leaf"].update(i=-1),
        lambda r: r["leaf"].update(body=r["leaf"]["body"].replace("|1000|", "|1001|")),
        lambda r: r["leaf"].update(body=book.bodies[action]),
        lambda r: r["leaf"]["proof"].pop(),
        lambda r: r.update(checkpoint=book.checkpoint(30)),
        lambda r: r.pop("leaf"),
    ]
    for forge in forgeries:
        receipt = receipt_of(book, 1000, 511)
        forge(receipt)
        path.write_text(json.dumps(receipt), "utf-8")
        assert verify("--receipt", path, "--key", book.vkey).code == 1
