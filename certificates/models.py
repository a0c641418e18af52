"""Doorway: the models of every room of the certificates app."""

from certificates.issuance.models import Certificate

__all__ = ["Certificate"]
