"""Numbers of bank accounts: what can be said of one without asking a bank, which is never more than a
warning.
"""

from __future__ import annotations

from registry.identity.id_numbers import Normalised, normalise
from registry.lib.text import luhn

CARD_LENGTHS = range(16, 20)  # debit cards; accounts of social security cards may be shorter
_EXCEL_DIGITS = 15


def normalise_account(raw: str) -> Normalised:
    """Half-width digits without blanks and dashes."""
    value = normalise(raw).value.replace("-", "")
    return Normalised(value, value != raw)


def suspect(value: str, numeric_cell: bool = False) -> str:
    """Why this normalised number can hardly be an account, in Chinese; empty where nothing is odd."""
    if not (value.isascii() and value.isdigit()):
        return "银行账号应全为数字；请核对" if value else ""
    lost = len(value) - _EXCEL_DIGITS
    if lost > 0 and (numeric_cell or value.endswith("0" * max(3, lost))):
        return "银行账号可能被 Excel 截去了末位；请把单元格设为文本格式后重新填写"
    if not 6 <= len(value) < CARD_LENGTHS.stop:
        return "银行账号位数不对；请核对"
    if len(value) in CARD_LENGTHS and not luhn(value):
        return "银行卡号校验位不符；请核对"
    return ""
