"""Enterprises that cannot be kept, and files of them that cannot be used."""

from __future__ import annotations

from geogrid.errors.family import WORDS, ConflictError, InputError, SetupError


class EnterprisesInvalid(SetupError):
    """The file of enterprise classes {name} cannot be used. Mend it; by line: {faults}"""

    code = "setup.enterprises"


class CreditCode(InputError):
    """{value!r} is no unified social credit code: {reason}. Compare it with the business licence."""

    code = "enterprise.code"


class EnterpriseValue(InputError):
    """{field}: {value!r} cannot be used here. Known, or asked for: {known}."""

    code = "enterprise.value"
    worded = WORDS | {"field", "known"}


class VisitDay(InputError):
    """A visit of {day} cannot be recorded: it has not come, or is more than ten years past. Today is {today}."""

    code = "enterprise.visit_day"


class VisitBodyUnknown(InputError):
    """Nobody here is {body}. Name a department, a unit in force, or a team that is there."""

    code = "enterprise.visit_body"


class VisitThere(ConflictError):
    """A visit of this body on {day} is recorded already. Look at it below; say that there was a second one if there was."""

    code = "enterprise.visit_there"


class VisitConflict(ConflictError):
    """Another visit was sent under the key {key}; the first is kept. Send this one under a key of its own."""

    code = "enterprise.visit_key"
