"""A case: one file named after its fault, and what must be said of it. Cases become files and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

Said = tuple[int, str, str]  # row as printed, heading as printed, code

WARNINGS = frozenset(
    {
        "CLEANED",
        "SEX_MISMATCH",
        "BIRTH_MISMATCH",
        "PHONE_INVALID",
        "PHONE_SHARED",
        "REGION_UNKNOWN",
        "ACCOUNT_SUSPECT",
        "OVERLAPPING_CLASS",
    }
)


@dataclass(frozen=True)
class Case:
    """``accepted`` are the printed numbers of rows that pass; rows with an error in ``says`` are rejected.

    ``to_class`` loads into that class instead of only checking; ``pick`` names the sheet to read. ``covers``
    names the rows of the dirty-data catalogue that the file stands for; ``heavy`` files are made when asked
    for and not committed. ``limit`` is the size in bytes that this one file is allowed.
    """

    name: str
    build: Callable[[], bytes]
    accepted: Sequence[int] = ()
    says: Sequence[Said] = ()
    covers: Sequence[str] = ()
    file_error: str = ""
    to_class: str = ""
    pick: str = ""
    sheet: str = ""
    header_row: int = 1
    skipped: Sequence[tuple[int, str]] = ()
    ignored: Sequence[str] = ()
    encoding: str = ""
    format: str = ""
    names: dict[int, str] = field(default_factory=dict)
    heavy: bool = False
    limit: int = 0

    @property
    def kind(self) -> str:
        return self.name.split("_")[0].split(".")[0]

    @property
    def rejected(self) -> list[int]:
        return sorted({row for row, _, code in self.says if code not in WARNINGS})

    @property
    def exit(self) -> int:
        return 2 if self.file_error else 1 if self.rejected else 0

    def toml(self) -> Iterator[str]:
        """The case as a table of the expectations file; what is empty is left out."""
        yield f"[{_text(self.name)}]"
        yield f"kind = {_text(self.kind)}"
        yield f"exit = {self.exit}"
        if self.limit:
            yield f"limit = {self.limit}"
        for key in ("file_error", "to_class", "pick", "sheet", "encoding", "format"):
            if value := getattr(self, key):
                yield f"{key} = {_text(value)}"
        if not self.file_error:
            yield f"header_row = {self.header_row}"
            yield f"accepted = {list(self.accepted)}"
            yield f"rejected = {self.rejected}"
        if self.says:
            yield f"issues = [{', '.join(f'[{r}, {_text(c)}, {_text(k)}]' for r, c, k in self.says)}]"
        if self.skipped:
            yield f"skipped = [{', '.join(f'[{r}, {_text(why)}]' for r, why in self.skipped)}]"
        for key in ("ignored", "covers"):
            if value := getattr(self, key):
                yield f"{key} = [{', '.join(map(_text, value))}]"
        if self.names:
            yield f"names = {{ {', '.join(f'{row} = {_text(name)}' for row, name in self.names.items())} }}"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def every() -> list[Case]:
    """All cases, in the order of the table."""
    from . import format_cases, layout_cases, ledger_cases, roster_cases

    return [*roster_cases.cases(), *layout_cases.cases(), *ledger_cases.cases(), *format_cases.cases()]


def table() -> str:
    """The whole expectations file."""
    head = (
        "# What the machine must say of each sheet here. Written by scripts/sheets from tests/sheets;\n"
        "# rows are the sheet's own numbers, headings as printed. accepted: pass; rejected: hold an error.\n"
    )
    return head + "".join("\n" + "\n".join(case.toml()) + "\n" for case in every() if not case.heavy)
