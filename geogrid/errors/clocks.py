"""Clocks and programmes that cannot be."""

from __future__ import annotations

from geogrid.errors.family import FileError, GeogridError


class ClockMarksBroken(GeogridError):
    """The marks of the clock {clock} cannot follow one another: {reason}. Start it once, pause before resuming, stop it last."""

    code = "clock.marks"


class ClockEndless(GeogridError):
    """A clock started at {start} does not end within sixty years: its calendar leaves it no working time. Mend the calendar."""

    code = "clock.endless"


class ProgrammeInvalid(FileError):
    """The programme {name} cannot be used. Mend its file; by line: {faults}"""

    code = "programme.invalid"
