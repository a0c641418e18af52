"""What can be exported: rooms above make their tables known, this room sees to how they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from registry.lib.scope import Scope

Asked = Mapping[str, str]
Line = tuple[UUID, Sequence[Any]]


class UnknownSource(LookupError):
    """Nobody exports anything under this name."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of export. A filter is a plain mapping of texts without personal data, as ``read`` takes it from the
    address; ``words`` says it in words.

    ``lines`` yields (person, cells) in a fixed order, numbers masked, reading in spans: a file may have fifty thousand.
    Where ``whole`` is set they are in full: a second person agrees to every such file, and whoever asks and fetches
    proves anew who they are. ``sibling`` is the kind with the same rows told the other way.
    """

    kind: str
    label: str | Promise
    headings: Sequence[str | Promise]
    page: str  # the name of the page that lists the same rows
    read: Callable[[Mapping[str, str]], dict[str, str]]
    words: Callable[[Asked], Sequence[tuple[str, str]]]
    count: Callable[[Scope, Asked], int]
    lines: Callable[[Scope, Asked, int], Iterator[Line]]
    whole: bool = False
    sibling: str = ""


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Called once per source from `AppConfig.ready`; the same kind again replaces it."""
    _sources[source.kind] = source


def get(kind: str) -> Source:
    """Raises UnknownSource."""
    try:
        return _sources[kind]
    except KeyError:
        raise UnknownSource(kind) from None


def labels() -> dict[str, str]:
    """Kind → what it is called."""
    return {source.kind: str(source.label) for source in _sources.values()}
