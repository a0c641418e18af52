"""A look at an archive before any parser sees it: limits, names, and what has no business in a workbook.

Parts are unpacked in a stream and never to disk. What passes here can still hurt a parser; the cage is for
that.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from registry.intake import refusal
from registry.intake.refusal import Refusal

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and counts that an honest workbook of a hundred thousand rows stays far below."""

    file_bytes: int = 512 * MIB
    book_bytes: int = 64 * MIB
    html_bytes: int = 64 * MIB
    entries: int = 5_000
    part_bytes: int = 300 * MIB
    total_bytes: int = 400 * MIB
    ratio: int = 150  # of parts that unpack to more than a mebibyte; a sheet of one repeated row reaches 25
    sheets: int = 200
    columns: int = 300


LIMITS = Limits()


@dataclass(slots=True)
class SheetFacts:
    """What one pass over a sheet's part tells a reader: the last row that holds a value, and what follows
    the rows.
    """

    rows: int = 0
    tail: bytes = b""


@dataclass(slots=True)
class Facts:
    """By the path of the part."""

    sheets: dict[str, SheetFacts] = field(default_factory=dict)


_SPLIT = "请拆分成几个文件后再上传"
_RESAVE = "请用 Excel 或 WPS 打开，把内容复制到新建的工作簿，另存后再上传"
_UNPACKED = re.compile(r"\.(?:xml|rels|vml)$|^mimetype$", re.I)
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)
_UNIQUE = re.compile(rb'<(?:\w+:)?sst\b[^<>]*\buniqueCount="(\d{1,20})"')
_ELEMENT = re.compile(rb"<[A-Za-z]")
_VALUE_END = re.compile(rb"</(?:\w+:)?[vt]>")
_ROW_NUMBER = re.compile(rb'<(?:\w+:)?row r="(\d{1,7})"')
_CHUNK = 512 * 1024
_ROW_REACH = 16 * 1024
_LONGEST_TAIL = 8 * MIB


def check_size(size: int, format_: str, limits: Limits = LIMITS) -> None:
    """Raises Refusal FILE_TOO_LARGE."""
    most = limits.file_bytes
    remedy = _SPLIT
    if format_ == "html":
        most = min(most, limits.html_bytes)
    elif format_ not in ("csv", "tsv"):
        most = min(most, limits.book_bytes)
        remedy = f"请删除表中的图片，或{_SPLIT.removeprefix('请')}"
    if size > most:
        shown = f"{most // MIB} 兆字节" if most >= MIB else f"{most} 字节"
        raise Refusal(refusal.FILE_TOO_LARGE, f"文件超过 {shown}；{remedy}", limit_bytes=most)


def check_archive(file: BinaryIO, limits: Limits = LIMITS) -> Facts:
    """Judge a zip-based workbook and leave the file at its beginning. Raises Refusal."""
    facts = Facts()
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _check_list(parts, limits)
            total = 0
            for part in parts:
                if _UNPACKED.search(part.filename):
                    watch = _Watch() if "/worksheets/" in part.filename else None
                    total += _check_part(archive, part, limits, total, watch)
                    if watch is not None:
                        facts.sheets[part.filename] = watch.facts()
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        raise Refusal(refusal.FILE_UNREADABLE, f"文件不完整或已损坏；{_RESAVE}") from None
    finally:
        file.seek(0)
    return facts


class _Watch:
    """Sees a sheet's part go by."""

    def __init__(self) -> None:
        self._before = self._piece = self._valued = b""
        self._tail: list[bytes] = []
        self._tail_bytes = 0

    def see(self, piece: bytes) -> None:
        if _VALUE_END.search(piece):
            self._valued = self._before[-_ROW_REACH:] + piece
        if self._tail:
            self._keep(piece)
        else:
            window = self._before[-12:] + piece
            start = window.find(b"mergeCells")
            if start > 0 and window[start - 1 : start] in (b"<", b":"):
                self._keep(window[start:])
        self._before = piece

    def _keep(self, piece: bytes) -> None:
        self._tail_bytes += len(piece)
        if self._tail_bytes > _LONGEST_TAIL:
            raise Refusal(refusal.FILE_TOO_LARGE, f"表中合并单元格过多；{_RESAVE}")
        self._tail.append(piece)

    def facts(self) -> SheetFacts:
        ends = [found.end() for found in _VALUE_END.finditer(self._valued)]
        numbers = _ROW_NUMBER.findall(self._valued, 0, ends[-1]) if ends else []
        return SheetFacts(int(numbers[-1]) if numbers else 0, b"".join(self._tail))


def _check_list(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(parts) > limits.entries:
        raise Refusal(refusal.ARCHIVE_BOMB, f"文件内部的部件过多({len(parts)} 个)；{_RESAVE}")
    seen: set[str] = set()
    sheets = 0
    for part in parts:
        name = part.filename
        if name.lower() in seen:
            raise Refusal(
                refusal.FILE_UNREADABLE, f"文件内部有重名的部件，不同软件读出的内容可能不同；{_RESAVE}"
            )
        seen.add(name.lower())
        if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name or "\x00" in name:
            raise Refusal(refusal.FILE_UNREADABLE, f"文件内部的部件名称不安全；{_RESAVE}")
        if part.flag_bits & 0x1:
            raise Refusal(refusal.FILE_UNREADABLE, "文件设有密码；请取消密码后再上传")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refusal(refusal.FILE_UNREADABLE, f"文件使用了不支持的压缩方法；{_RESAVE}")
        sheets += name.startswith("xl/worksheets/") and name.endswith(".xml")
        _check_growth(part.file_size, part.compress_size, limits)
    if sheets > limits.sheets:
        raise Refusal(refusal.ARCHIVE_BOMB, f"工作表过多（{sheets} 张）；请只保留要上传的工作表")


def _check_growth(unpacked: int, packed: int, limits: Limits) -> None:
    if unpacked > MIB and unpacked > limits.ratio * max(packed, 1):
        raise Refusal(refusal.ARCHIVE_BOMB, f"文件的压缩比异常，疑似压缩炸弹；{_RESAVE}")
    if unpacked > limits.part_bytes:
        raise Refusal(refusal.FILE_TOO_LARGE, f"表格展开后过大；{_SPLIT}")


def _check_part(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, limits: Limits, before: int, watch: _Watch | None
) -> int:
    """Unpack one part, which counts more than what its header declares; returns its bytes."""
    size = 0
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            if not size:
                _check_beginning(piece, part.file_size)
            size += len(piece)
            _check_growth(size, part.compress_size, limits)
            if before + size > limits.total_bytes:
                raise Refusal(refusal.FILE_TOO_LARGE, f"表格展开后过大；{_SPLIT}")
            if watch is not None:
                watch.see(piece)
    return size


def _check_beginning(piece: bytes, size: int) -> None:
    """No part of a workbook declares a document type, which could only stand before its first element."""
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in piece[:64]:
        raise Refusal(refusal.FILE_UNREADABLE, f"文件内部使用了不支持的文字编码；{_RESAVE}")
    if _DECLARATION.search(piece):
        raise Refusal(refusal.ARCHIVE_BOMB, f"文件内部含有不允许的实体声明；{_RESAVE}")
    promised = _UNIQUE.search(piece)
    if promised and int(promised[1]) > size:
        # A parser that believes it would ask for that many places before it reads the first.
        raise Refusal(refusal.ARCHIVE_BOMB, f"文件内部声明的文字数量与内容不符；{_RESAVE}")
    if len(piece) == _CHUNK and not _ELEMENT.search(piece):
        raise Refusal(refusal.FILE_UNREADABLE, f"文件内部结构异常；{_RESAVE}")
