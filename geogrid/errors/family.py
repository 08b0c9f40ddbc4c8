"""Every exception of the house. The docstring is the English message; catalogues hold the other languages.

A message says what is wrong, and what to do next. ``code`` is stable and machine-readable; ``where`` names the place
(``path``, ``row``, ``feature`` or ``lonlat``); ``retry`` tells a client whether sending the same again can help.
The HTTP status of each class is in ``webmap.errors``, the only table of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from geogrid.texts import translate

WORDS = frozenset({"reason", "wanted", "got"})  # values that are words of ours: translated too, where a catalogue has them


class Reason(str):
    """A reason with values of its own, told in the reader's language; the template, in English, is the key of catalogues.

    As a text it is the reason in English. Values that are reasons themselves are told in the reader's language too.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Self:
        """Fill the template with its values."""
        self = super().__new__(cls, template.format_map(_Shown(values)))
        self.template, self.values = template, values
        return self

    def words(self, language: str) -> str:
        """Return the reason in a language."""
        told = {name: value.words(language) if hasattr(value, "words") else value for name, value in self.values.items()}
        return translate(self.template, language).format_map(_Shown(told))


class Reasons(str):
    """Several things that can be told in the reader's language (each has ``words``), one after another."""

    several: tuple[Any, ...]
    between: str

    def __new__(cls, several: Iterable[Any], between: str = "; ") -> Self:
        """Join them."""
        told = tuple(several)
        self = super().__new__(cls, between.join(map(str, told)))
        self.several, self.between = told, between
        return self

    def words(self, language: str) -> str:
        """Return all of them in a language."""
        return self.between.join(one.words(language) if hasattr(one, "words") else str(one) for one in self.several)


class Label(str):
    """The label of an enum's member, told in the reader's language; as a text the label in English."""

    member: Any

    def __new__(cls, member: Any) -> Self:
        """Name a member."""
        self = super().__new__(cls, member.label)
        self.member = member
        return self

    def words(self, language: str) -> str:
        """Return the label in a language."""
        return translate(str(self), language, type(self.member).__name__)


class GeogridError(Exception):
    """Something went wrong in geogrid: {reason}."""

    code: ClassVar[str] = "internal"
    retry: ClassVar[bool] = False
    worded: ClassVar[frozenset[str]] = WORDS

    def __init__(self, *, where: dict[str, Any] | None = None, **values: Any) -> None:
        self.where = where or {}
        self.values = values
        super().__init__(self.message("en"))

    def message(self, language: str) -> str:
        """Return the message in ``language`` with its values filled in; English where there is no translation."""
        template = translate(" ".join((type(self).__doc__ or "").split()), language)
        words = {
            name: translate(value, language) for name, value in self.values.items() if name in self.worded and type(value) is str
        }
        words |= {name: value.words(language) for name, value in self.values.items() if hasattr(value, "words")}
        return template.format_map(_Shown(self.values | words))


class _Shown(dict[str, Any]):
    """Values of a message; one that is missing shows as its own name instead of hiding the message behind a KeyError."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class InputError(GeogridError):
    """The input cannot be accepted: {reason}."""

    code = "input.invalid"


class CoordError(InputError):
    """The coordinates {lon}, {lat} cannot be used. Send longitude and latitude in decimal degrees."""

    code = "coord.invalid"


class GeometryError(InputError):
    """The geometry cannot be used: {reason}. Mend it in a GIS and load it again."""

    code = "geom.invalid"


class FileError(InputError):
    """The file {name} cannot be read: {reason}."""

    code = "file.invalid"


class ConflictError(GeogridError):
    """The request conflicts with what is stored: {reason}."""

    code = "conflict"


class NotFoundError(GeogridError):
    """{what} was not found. Check its code or number."""

    code = "not_found"


class AccessError(GeogridError):
    """This needs a permission that the request does not carry."""

    code = "access.denied"


class SetupError(GeogridError):
    """The installation is not ready: {reason}. {mend}"""

    code = "setup"


class UnavailableError(GeogridError):
    """The service is not available just now: {reason}. Try again in a little while; nothing was lost."""

    code = "unavailable"
    retry = True
