"""Enums whose members carry the English label that catalogues translate."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class LabelledEnum(StrEnum):
    """A member is its code (the value stored and sent); ``label`` is its English name, translated with the class as context."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def codes(cls) -> tuple[str, ...]:
        """Return the codes of all members in their order."""
        return tuple(member.value for member in cls)
