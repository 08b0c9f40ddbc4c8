"""Assessments that cannot be made or changed."""

from __future__ import annotations

from geogrid.errors.family import AccessError, ConflictError, InputError


class SheetInvalid(InputError):
    """The assessment sheet {name} cannot be used: {faults}. Mend the lines named and start again."""

    code = "assessment.sheet"


class MonthInvalid(InputError):
    """{month} is no month that can be assessed: {reason}."""

    code = "assessment.month"


class MonthClosed(ConflictError):
    """{month} is closed already. What changes in the record from now on is written as corrections."""

    code = "assessment.closed"


class AppealLate(ConflictError):
    """The line was written on {written}; appeals were possible until {until}. Speak to your commander."""

    code = "assessment.appeal_late"


class AppealThere(ConflictError):
    """Against this line stands an appeal already ({state}). Read its history."""

    code = "assessment.appeal_there"


class AppealSamePerson(AccessError):
    """Nobody decides on an appeal of his own or about himself. Ask somebody else."""

    code = "assessment.same_person"
