"""An invented certificate of each family, to look at a layout with. The photo is drawn, nobody's face."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from certificates.printing.pdf import Printed

_FACE = Path(__file__).parent / "data" / "face.jpg"
_QR = "https://example.org/v/7K3M9PQR2VTX4WYZ#" + "0123456789AbCdEfGhIj" * 14

_SHARED = {
    "name": "欧阳示例",
    "document_kind": "居民身份证",
    "document_number": "654300××××××××××××",
    "direction": "",
    "number": "S000065000123264000057",
    "issued_on": "2026年11月29日",
    "issued_on_en": "29 November 2026",
    "body": "示例职业技能评价中心",
    "code": "7K3M-9PQR-2VTX-4WYZ",
    "stock": "XJ260001234",
}
_OF_FAMILY = {
    "skill_level": {"occupation": "焊工", "level": "四级/中级工", "level_en": "Level 4 / Intermediate"},
    "special": {"occupation": "馕制作", "number": "6526000123000057"},
    "completion": {
        "number": "培20260000057",
        "project": "低压电工作业",
        "period": "2026年10月12日至2026年10月30日",
        "hours": "120",
        "trainer": "示例职业培训学校",
        "body": "示例职业培训学校",
    },
    "x": {
        "occupation": "汽车运用与维修",
        "level": "中级",
        "level_en": "Intermediate",
        "trainer": "示例职业技术学院",
        "body": "示例培训评价组织",
    },
}


@cache
def face() -> bytes:
    return _FACE.read_bytes()


def sample(family: str) -> Printed:
    """Raises KeyError for a family that is not printed."""
    return Printed({**_SHARED, **_OF_FAMILY[family]}, _QR, face())
