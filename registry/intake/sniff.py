"""What a file is, told by its content and never by its name."""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from typing import BinaryIO, NamedTuple

from registry.intake import refusal
from registry.intake.refusal import Refusal

ZIP_KINDS = ("xlsx", "xlsm", "ods")
BOOK_KINDS = (*ZIP_KINDS, "xls")
TEXT_KINDS = ("csv", "tsv", "html")

HEAD_BYTES = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHER = {
    b"%PDF": "PDF 文件",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"GIF8": "图片",
    b"BM": "图片",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
    b"\x1f\x8b": "压缩包",
    b"{\\rtf": "文字处理文档",
}
_HTML = re.compile(rb"<(?:!doctype\s+html|html|table|meta|head|body|div|style)\b", re.I)
_SPREADSHEET_XML = re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet")
_CONTENT_OLE = "\x00".join("Workbook").encode("latin-1"), "\x00".join("Book").encode("latin-1")
_ENCRYPTED_OLE = "\x00".join("EncryptedPackage").encode("latin-1")
_HOW = "请用 Excel 或 WPS 另存为“Excel 工作簿(*.xlsx)”后再上传"


class Kind(NamedTuple):
    """``format``: xlsx xlsm xls ods csv tsv html. ``encoding`` is a Python codec for texts, None for
    workbooks.
    """

    format: str
    encoding: str | None = None


def sniff(file: BinaryIO) -> Kind:
    """Look at the file and leave it at its beginning. Raises Refusal: EMPTY, FILE_TYPE, FILE_UNREADABLE,
    ENCODING.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not head.removeprefix(codecs.BOM_UTF8).strip(b"\x00 \t\r\n\xff\xfe"):
        raise Refusal(refusal.EMPTY, "文件是空的；请检查后重新选择文件")
    if head.startswith(_ZIP):
        return Kind(_zip_kind(file))
    if head.startswith(_OLE):
        return Kind(_ole_kind(file))
    for magic, what in _OTHER.items():
        if head.startswith(magic) and (len(magic) > 2 or b"\x00" in head):
            raise Refusal(refusal.FILE_TYPE, f"这是{what}，不是表格；{_HOW}")
    encoding = encoding_of(file, head)
    return Kind(_text_format(head, encoding), encoding)


def _zip_kind(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = {info.filename for info in archive.infolist()[:5000]}
            mimetype = archive.read("mimetype")[:100] if _small(archive, "mimetype") else b""
            types = archive.read("[Content_Types].xml") if _small(archive, "[Content_Types].xml") else b""
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
    ):
        raise Refusal(refusal.FILE_UNREADABLE, f"文件不完整或已损坏，无法打开；{_HOW}") from None
    finally:
        file.seek(0)
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    if b"ms-excel.sheet.macroEnabled" in types:
        return "xlsm"
    if b"ms-excel.sheet.binary" in types or "xl/workbook.bin" in names:
        raise Refusal(refusal.FILE_TYPE, f"暂不支持二进制工作簿（xlsb）；{_HOW}")
    if "xl/workbook.xml" in names or b"spreadsheetml" in types:
        return "xlsx"
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise Refusal(refusal.FILE_TYPE, "这是文字文档或演示文稿，不是表格；请把名单放进 Excel 表格后再上传")
    raise Refusal(refusal.FILE_TYPE, "这是压缩包，不是表格；请先解压，再逐个上传其中的表格")


def _small(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        info = archive.getinfo(name)
    except KeyError:
        return False
    return info.file_size <= 256 * 1024 and not info.flag_bits & 1


def _ole_kind(file: BinaryIO) -> str:
    """Old Excel by the names in its directory, which are UTF-16: no parser of the container is needed for
    that.
    """
    found = {"book": False, "encrypted": False}
    tail = b""
    while part := file.read(1024 * 1024):
        window = tail + part
        found["book"] = found["book"] or any(name in window for name in _CONTENT_OLE)
        found["encrypted"] = found["encrypted"] or _ENCRYPTED_OLE in window
        tail = window[-64:]
    file.seek(0)
    if found["encrypted"]:
        raise Refusal(refusal.FILE_UNREADABLE, "文件设有打开密码；请取消密码后再上传")
    if not found["book"]:
        raise Refusal(refusal.FILE_TYPE, f"这不是 Excel 表格；{_HOW}")
    return "xls"


def encoding_of(file: BinaryIO, head: bytes) -> str:
    """Name of the codec that reads the whole text. Raises Refusal FILE_TYPE for binary data, ENCODING for a
    mixture.
    """
    if head.startswith(codecs.BOM_UTF8):
        return _proved(file, "utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _proved(file, "utf-16")
    if b"\x00" in head:
        encoding = _utf16_without_mark(head)
        if _has_controls(head.decode(encoding, "ignore").encode("utf-8", "ignore")):
            raise Refusal(refusal.FILE_TYPE, f"这不是表格文件；{_HOW}")
        return _proved(file, encoding)
    if _has_controls(head):
        raise Refusal(refusal.FILE_TYPE, f"这不是表格文件；{_HOW}")
    for name in ("utf-8", "gb18030"):
        if _decodes(file, name):
            return name
    raise Refusal(
        refusal.ENCODING,
        "文字编码无法识别(不是 UTF-8、UTF-16 或 GB18030)；请另存为“CSV UTF-8”或 xlsx 后再上传",
    )


def _utf16_without_mark(head: bytes) -> str:
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = min(len(head), 4096) // 2
    # Commas, digits and line ends have a zero byte on one side only; binary data has them anywhere.
    if odd > half // 20 and even <= odd // 20:
        return "utf-16-le"
    if even > half // 20 and odd <= even // 20:
        return "utf-16-be"
    raise Refusal(refusal.FILE_TYPE, f"这不是表格文件；{_HOW}")


def _has_controls(head: bytes) -> bool:
    stray = len(head) - len(head.translate(None, bytes({*range(0x20)} - {9, 10, 11, 12, 13, 0x1A, 0x1B})))
    return stray > len(head) // 200


def _proved(file: BinaryIO, encoding: str) -> str:
    if _decodes(file, encoding):
        return encoding
    raise Refusal(refusal.ENCODING, "文件开头声明的文字编码与内容不符；请另存为“CSV UTF-8”或 xlsx 后再上传")


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while part := file.read(1024 * 1024):
            decoder.decode(part)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _text_format(head: bytes, encoding: str) -> str:
    text = head.decode(encoding, "ignore")
    ascii_text = text.encode("ascii", "ignore")
    if _SPREADSHEET_XML.search(ascii_text):
        raise Refusal(refusal.FILE_TYPE, f"暂不支持“XML 电子表格 2003”；{_HOW}")
    if ascii_text.lstrip()[:4].lower() == b"mime" and b"multipart/related" in ascii_text[:4096].lower():
        raise Refusal(refusal.FILE_TYPE, f"暂不支持“单个文件网页(mht)”；{_HOW}")
    if ascii_text.lstrip().startswith(b"<") and _HTML.search(ascii_text[:16384]):
        return "html"
    if ascii_text.lstrip().startswith((b"<?xml", b"{", b"<")):
        raise Refusal(refusal.FILE_TYPE, f"这不是表格文件；{_HOW}")
    lines = text.splitlines()[:50]
    tabs = sum(line.count("\t") for line in lines)
    commas = sum(line.count(",") for line in lines)
    return "tsv" if tabs > commas else "csv"
