"""Mediation that cannot go on as asked."""

from __future__ import annotations

from geogrid.errors.family import WORDS, AccessError, ConflictError, InputError


class DisputeNot(InputError):
    """Event {number} is no dispute: nothing of it is mediated. Change its kind first, or handle it as what it is."""

    code = "dispute.not"


class DisputeValue(InputError):
    """{field}: {reason}."""

    code = "dispute.value"
    worded = WORDS | {"field"}


class PartiesMissing(ConflictError):
    """Mediation needs an applicant and a respondent; there is no {side}. Name both sides first."""

    code = "dispute.parties"
    worded = frozenset({"side"})


class ConsentMissing(ConflictError):
    """Mediation is voluntary, and {names} parties did not agree to it. Ask, and write the answer down. The court stays open."""

    code = "dispute.consent"


class MediationOver(ConflictError):
    """Mediation of this dispute ended on {at}: {outcome}. Begin again with both sides' consent, or show the way to court."""

    code = "dispute.over"
    worded = frozenset({"outcome"})


class StationUnknown(InputError):
    """There is no station {station} in force. Choose one of the list."""

    code = "dispute.station"


class MediatorUnfit(InputError):
    """{name} cannot mediate this dispute: {reason}. Choose somebody else."""

    code = "dispute.mediator"


class SessionClash(ConflictError):
    """{who} is taken from {start} to {end}. Choose another time, room or mediator."""

    code = "session.taken"
    worded = frozenset({"who"})


class SessionOver(ConflictError):
    """This appointment is {state} already. Make a new one."""

    code = "session.over"
    worded = frozenset({"state"})


class AgreementState(ConflictError):
    """The agreement cannot be used so: {reason}."""

    code = "agreement.state"


class ConfirmationLate(ConflictError):
    """The thirty days for asking the court to confirm the agreement ended on {last_day}. What remains: {remains}"""

    code = "confirmation.late"


class ConfirmationState(ConflictError):
    """The confirmation cannot be written down: {reason}."""

    code = "confirmation.state"


class CaseSamePerson(AccessError):
    """Who proposed a case does not approve it. Ask somebody else."""

    code = "case.same_person"


class CaseOrder(ConflictError):
    """What is {state} cannot be {wanted}. The order is proposed, approved, retired."""

    code = "case.state"
    worded = frozenset({"state", "wanted"})


class CaseNotAnonymous(InputError):
    """A guiding case names nobody: take the personal details out of {fields} (numbers of telephones, identities, cards)."""

    code = "case.personal"
