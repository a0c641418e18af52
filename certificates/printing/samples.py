"""An invented certificate of each family, to look at a layout with, and one whose texts are as long as any may be. The
photo is drawn, nobody's face.
"""

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
# The longest that occurs: occupations of the classification of 2022, a name written out with its middle dots.
_LONG = {
    "name": "阿卜杜热合曼·阿卜杜外力江·示例",
    "document_number": "9310840198108060014",
    "direction": "铁路机车车辆制动系统及钳工工艺装备检修工（含动车组制动系统）",
    "body": "新疆维吾尔自治区示例职业技能鉴定与评价服务指导中心喀什地区分中心",
    "stock": "XJ26000123456789",
    "expires_on": "2029年11月28日",
    "expires_on_en": "28 November 2029",
}
_LONG_OF_FAMILY = {
    "skill_level": {"occupation": "船舶、民用航空器与轨道交通机车车辆附件及制动系统装配调试检验工"},
    "special": {
        "occupation": "少数民族传统手工艺品制作（艾德莱斯绸织造与印花布染色）",
        "note": "遗失补发，原流水码 XJ260001234 作废，以本证书为准",
    },
    "completion": {
        "project": "危险化学品生产单位主要负责人及安全生产管理人员初次取证与继续教育",
        "trainer": "新疆维吾尔自治区示例高级技工学校喀什地区伽师县职业技能培训中心",
    },
    "x": {
        "occupation": "智能网联汽车测试装调与自动驾驶系统运行维护（全新能源车型）",
        "trainer": "新疆维吾尔自治区示例职业技术学院喀什地区伽师县教学点",
    },
}


@cache
def face() -> bytes:
    return _FACE.read_bytes()


def sample(family: str, *, long: bool = False) -> Printed:
    """Raises KeyError for a family that is not printed. `long`: with the longest texts that a page must hold."""
    more = {**_LONG, **_LONG_OF_FAMILY[family]} if long else {}
    return Printed({**_SHARED, **_OF_FAMILY[family], **more}, _QR, face())
