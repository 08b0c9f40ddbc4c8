"""Clocks and programmes that cannot be."""

from __future__ import annotations

from geogrid.errors.family import FileError, GeogridError, InputError, NotFoundError


class ClockMarksBroken(GeogridError):
    """The marks of the clock {clock} cannot follow one another: {reason}. Start it once, pause before resuming, stop it last."""

    code = "clock.marks"


class ClockEndless(GeogridError):
    """A clock started at {start} does not end within sixty years: its calendar leaves it no working time. Mend the calendar."""

    code = "clock.endless"


class ProgrammeInvalid(FileError):
    """The programme {name} cannot be used. Mend its file; by line: {faults}"""

    code = "programme.invalid"


class IndicatorsInvalid(FileError):
    """The book of figures {name} cannot be used. Mend its file; by line: {faults}"""

    code = "indicators.invalid"


class ProgrammeUnknown(NotFoundError):
    """There is no programme {name}, and no such file. Known: {known}."""

    code = "programme.unknown"


class ClockUnknown(NotFoundError):
    """The programme {programme} has no clock {clock}. Known: {known}."""

    code = "clock.unknown"


class OptionInvalid(InputError):
    """The option {option} cannot be {value}: {reason}."""

    code = "option.invalid"
