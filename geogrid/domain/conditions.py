"""Names in several languages, and which matters a rule is for."""

from __future__ import annotations

from dataclasses import dataclass

from geogrid.domain.labelled import LabelledEnum


class Complexity(LabelledEnum):
    """Triage of matters, as a hospital does it."""

    SIMPLE = "simple", "Simple"
    GENERAL = "general", "General"
    COMPLEX = "complex", "Complex"


@dataclass(frozen=True)
class Title:
    """A name in the languages of the programme; ``mn`` (Mongolian) where the place uses it."""

    zh: str
    en: str
    mn: str = ""

    def text(self, language: str) -> str:
        """Return the name in ``language``; where it has none, the Chinese one."""
        return {"zh": self.zh, "en": self.en, "mn": self.mn}.get(language) or self.zh


@dataclass(frozen=True)
class When:
    """Which matters a rule is for: codes it must be among; an empty tuple asks nothing.

    ``amount_yuan`` is (least, most), the most excluded; None: no bound.
    """

    handling: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    complexities: tuple[Complexity, ...] = ()
    channels: tuple[str, ...] = ()
    amount_yuan: tuple[float | None, float | None] = (None, None)
