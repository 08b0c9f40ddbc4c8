"""Duties and lists that cannot be kept."""

from __future__ import annotations

from geogrid.errors.family import AccessError, ConflictError, InputError


class DutyTaken(ConflictError):
    """{person} cannot be on duty in {grid}: {reason}. End the other duty first, or name another grid."""

    code = "duty.taken"


class ListConflict(ConflictError):
    """{category} stands on the list of {department} in {unit} already. Read the list anew."""

    code = "list.there"


class ListState(ConflictError):
    """What is {state} cannot be {wanted}. The order is proposed, assessed, admitted; each may be suspended."""

    code = "list.state"


class ListSamePerson(AccessError):
    """Who proposed a matter for a list does not decide on it. Ask somebody else."""

    code = "list.same_person"


class ListUnknown(InputError):
    """{field}: {value} is unknown. Known: {known}."""

    code = "list.unknown"


class TeamInvalid(InputError):
    """{field} of a team: {reason}."""

    code = "team.invalid"


class TeamThere(ConflictError):
    """There is or was a team {team} already. Choose another code."""

    code = "team.there"


class TeamMember(ConflictError):
    """{person} cannot be in {team}: {reason}."""

    code = "team.member"


class TeamBusy(ConflictError):
    """{team} answers for {count} open matters. Hand them over, then close it."""

    code = "team.busy"
