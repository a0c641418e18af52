"""Signed notes against the published example, and against everything that is not one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.audit.notes import BadNote, Checkpoint, Signer, VerifierKey, opened, sign

# The example of golang.org/x/mod/sumdb/note, from which the specification descends.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = TEXT + (
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def signer() -> Signer:
    return Signer.generate("jiangce.example/log/2026")


def test_the_published_example_is_signed_and_opened_to_the_byte() -> None:
    key = VerifierKey.parse(VKEY)
    assert str(key) == VKEY
    assert opened(NOTE, [key]) == (TEXT, [key])
    assert sign(TEXT, Signer.parse(SKEY)) == NOTE
    assert Signer.parse(SKEY).secret_text() == SKEY
    assert "AYEK" not in repr(Signer.parse(SKEY))


def test_lines_of_unknown_keys_are_ignored(signer: Signer) -> None:
    witness = Signer.generate("witness.example")
    note = sign("a\n", witness, signer)
    assert opened(note, [signer.verifier]) == ("a\n", [signer.verifier])
    assert opened(note, [signer.verifier, witness.verifier])[1] == [witness.verifier, signer.verifier]
    # A line of another algorithm is a line of an unknown key, too.
    other = base64.b64encode(b"\xff" * 90).decode()
    assert opened(note + f"— {signer.verifier.name} {other}\n", [signer.verifier])[0] == "a\n"


def test_a_known_key_that_does_not_vouch_spoils_the_note(signer: Signer) -> None:
    witness = Signer.generate("witness.example")
    note = sign("a\n", signer) + witness.line("b\n")
    assert opened(note, [signer.verifier])[0] == "a\n"
    with pytest.raises(BadNote, match=r"witness\.example is wrong"):
        opened(note, [signer.verifier, witness.verifier])


def test_a_note_that_nobody_trusted_signed_is_refused(signer: Signer) -> None:
    same_name = Signer.generate(signer.verifier.name)
    with pytest.raises(BadNote, match="no trusted key"):
        opened(sign("a\n", same_name), [signer.verifier])


@given(st.data())
def test_no_changed_character_of_a_note_passes(data: st.DataObject) -> None:
    key = VerifierKey.parse(VKEY)
    at = data.draw(st.integers(0, len(NOTE) - 1))
    char = data.draw(st.characters(codec="utf-8").filter(lambda c: c != NOTE[at]))
    changed = NOTE[:at] + char + NOTE[at + 1 :]
    with pytest.raises(BadNote):
        opened(changed, [key])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a\n",
        "a\n\n",
        "a\n\n\n",
        "a\n\n— x\n",
        "a\n\n— x AAAA\n",
        "a\n\n- x AAAAAAAA\n",
        "a\r\n\n— x AAAAAAAA\n",
        "a\n\n— x+y AAAAAAAA\n",
        "a\n\n— x AAAAAAAA",
        "a\n\n— x AAAAAAA\n",
        "a\n\n" + "— x AAAAAAAA\n" * 101,
        "a" * 1000001,
    ],
)
def test_what_is_not_written_as_a_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        opened(note, [VerifierKey.parse(VKEY)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("Peter", "Paul"),
        VKEY.replace("+AR", "+Ag"),
        VKEY[:-4],
        VKEY.replace("c74f20a3", "c74f20"),
    ],
)
def test_keys_whose_parts_do_not_belong_together_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        VerifierKey.parse(text)


def test_private_keys_are_refused_without_telling_them() -> None:
    for text in (VKEY, SKEY.replace("c74f20a3", "00000000"), SKEY[:-8]):
        with pytest.raises(ValueError) as refusal:
            Signer.parse(text)
        assert "AYEK" not in str(refusal.value)
    with pytest.raises(ValueError, match="a name"):
        Signer.generate("two words")
    with pytest.raises(ValueError, match="text of a note"):
        sign("no line end", Signer.parse(SKEY))


def test_checkpoints_come_back_as_they_were() -> None:
    head = Checkpoint("jiangce.example/log/2026", 20852163, bytes(range(32)), ("note: 延伸行",))
    assert head.text() == (
        "jiangce.example/log/2026\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nnote: 延伸行\n"
    )
    assert Checkpoint.parse(head.text()) == head
    for bad in (Checkpoint("", 1, bytes(32)), Checkpoint("a\nb", 1, bytes(32)), Checkpoint("a", 1, b"")):
        with pytest.raises(ValueError):
            bad.text()
    with pytest.raises(ValueError):
        Checkpoint("a", 1, bytes(32), ("",)).text()


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"o\n1\n{ROOT}",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n１\n{ROOT}\n",
        "o\n1\nAAAA\n",
        f"\n1\n{ROOT}\n",
        "o\n1\n",
        f"o\n1\n{ROOT[:-2]}B=\n",
        f"o\n1\n{ROOT}\n\n",
    ],
)
def test_checkpoints_written_otherwise_are_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)
