"""What can stop an edition."""

from __future__ import annotations

from geogrid.errors.family import ConflictError, GeogridError, InputError, NotFoundError, SetupError


class EditionNotInForce(SetupError):
    """No edition of the grids is in force. Load grids with `geogrid load`, then run `geogrid edition activate`."""

    code = "edition.none"


class EditionState(ConflictError):
    """The edition {name} is {state}; only a loaded edition can be activated."""

    code = "edition.state"


class EditionSuspicious(ConflictError):
    """{count} of {total} {kind} share no area with their old selves. If that is meant, activate again with --accept-moved."""

    code = "edition.moved"


class EditionFaulty(ConflictError):
    """The grids of {name} are no tiling: {overlaps} overlaps, {gaps} gaps; {places}. Mend them, or add --accept-faults."""

    code = "edition.faulty"


class EditionBaseChanged(ConflictError):
    """Another edition was activated meanwhile. Look at what changed, then activate {name} again."""

    code = "edition.base_changed"


class EditionIncomplete(InputError):
    """The edition {name} has no {kind}. Load them into it, then activate it again."""

    code = "edition.incomplete"


class EditionUnknown(NotFoundError):
    """There is no edition {name}. `geogrid edition list` names those there are."""

    code = "edition.unknown"


class EditionWithdrawn(ConflictError):
    """The edition {name} was withdrawn: its grids are gone. Choose another; `geogrid edition list` names them."""

    code = "edition.withdrawn"


class CountsUnreconciled(GeogridError):
    """The totals do not reconcile: {what} gives {got}, the register has {wanted} events. No figure is shown. Run: geogrid fsck"""

    code = "counts.unreconciled"


class CountsTooMany(InputError):
    """This asks for more than {most} rows. Choose a shorter time, a longer period or a higher level."""

    code = "counts.too_many"
