"""What is carried from others is what was taken over, and is listed with its licence."""

from __future__ import annotations

import shutil
from pathlib import Path

from registry.lib import third_party


def test_every_file_is_the_one_that_was_taken_over() -> None:
    assert third_party.faults() == []


def test_the_page_is_written_from_the_manifest() -> None:
    page = (third_party.ROOT / third_party.PAGE).read_text(encoding="utf-8")
    assert page == third_party.page(), "run scripts/third_party --write"


def test_every_work_names_its_licence_text_and_its_files() -> None:
    for entry in third_party.entries():
        assert entry.licence_files, entry.name
        assert entry.files, entry.name


def test_all_vendored_data_is_in_the_manifest() -> None:
    listed = {name for entry in third_party.entries() for name in entry.files}
    own = {"additions.csv", "corrections.csv", "levels.csv", "aliases.csv"}
    for folder in ("registry/regions/data", "registry/occupations/data", "registry/static/vendor"):
        for path in (third_party.ROOT / folder).rglob("*"):
            if path.is_file() and path.name not in own and not path.name.startswith(("LICENSE", "NOTICE")):
                assert str(path.relative_to(third_party.ROOT)) in listed


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path) -> None:
    shutil.copy(third_party.ROOT / third_party.MANIFEST, tmp_path)
    entry = third_party.entries()[0]
    first, second, *_rest = entry.files
    for name in (first, *entry.licence_files):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(third_party.ROOT / name, target)
    (tmp_path / first).write_text("changed", encoding="utf-8")
    found = third_party.faults(tmp_path)
    assert f"{first}: SHA-256 differs from third_party.toml" in found
    assert f"{second}: missing" in found
    assert f"{entry.licence_files[0]}: missing" not in found
