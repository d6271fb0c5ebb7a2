"""Phonovation's InteractSMS, V2 API. What it speaks and what is still to be asked of the vendor: README.md."""

from adapters.gateways.phonovation.client import Phonovation
from adapters.gateways.phonovation.settings import PhonovationSettings

__all__ = ["Phonovation", "PhonovationSettings"]
