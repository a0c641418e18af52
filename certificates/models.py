"""Doorway: the models of every room of the certificates app."""

from certificates.issuance.models import (
    Attestation,
    Certificate,
    Counter,
    NumberRule,
    Order,
    OrderLine,
    SigningKey,
    StatusList,
)

__all__ = [
    "Attestation",
    "Certificate",
    "Counter",
    "NumberRule",
    "Order",
    "OrderLine",
    "SigningKey",
    "StatusList",
]
