"""Disputes and their mediation: parties and their consent, mediators, sessions, agreements, confirmation, referrals, cases.

A dispute is an event of that kind, under whichever programme; its row is there from the first thing that is done for it. Its
steps go through the programme as those of every matter do; what stands here is what mediation keeps besides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from geogrid.domain.labelled import LabelledEnum

CONFIRMED_WITHIN_DAYS = 30  # natural days after the agreement took effect (Civil Procedure Law, art. 205; Mediation Law, art. 33)


class Side(LabelledEnum):
    """On which side of a dispute somebody stands."""

    APPLICANT = "applicant", "Applicant"
    RESPONDENT = "respondent", "Respondent"


class PartyForm(LabelledEnum):
    """What a party to a dispute is."""

    PERSON = "person", "Person"
    ENTERPRISE = "enterprise", "Enterprise"
    ORGANISATION = "organisation", "Other organisation"


class Consent(LabelledEnum):
    """What a party says to mediation. It may be taken back at any time, without a reason."""

    ASKED = "asked", "Not answered yet"
    GIVEN = "given", "Agrees to mediation"
    REFUSED = "refused", "Wants no mediation"
    WITHDRAWN = "withdrawn", "Withdrew from mediation"

    @property
    def is_no(self) -> bool:
        """Whether there is no mediation with this answer."""
        return self in {Consent.REFUSED, Consent.WITHDRAWN}


class DisputeOutcome(LabelledEnum):
    """How mediation ended; a dispute without one is still open to it."""

    SETTLED = "settled", "Settled"
    FAILED = "failed", "No agreement"
    WITHDRAWN = "withdrawn", "Withdrawn"
    COURT = "court", "Gone to court"


class StationWay(LabelledEnum):
    """How the station that mediates was found."""

    HOME = "home_station", "Home station"
    SERVING = "serving_station", "Serving station"
    PICKED = "picked", "Picked by hand"


class MediatorWay(LabelledEnum):
    """How the mediator was found."""

    PROPOSED = "proposed", "As proposed"
    APPOINTED = "appointed", "Appointed by the station"
    CITIZEN = "citizen", "Picked by the parties"


class SessionPlace(LabelledEnum):
    """Where a session is held."""

    ROOM = "room", "Room of a station"
    HOME = "home", "Home visit"
    CIRCUIT = "circuit", "Circuit visit"
    ONLINE = "online", "Online"

    @property
    def is_visit(self) -> bool:
        """Whether the mediator travels to it."""
        return self in {SessionPlace.HOME, SessionPlace.CIRCUIT}


class SessionState(LabelledEnum):
    """What became of an appointment."""

    PLANNED = "planned", "Planned"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"


class SessionOutcome(LabelledEnum):
    """What a session that was held came to."""

    AGREED = "agreed", "Agreement reached"
    CLOSER = "closer", "To be continued"
    NO_AGREEMENT = "no_agreement", "No agreement"
    ABSENT = "absent", "A side did not come"


class Direction(LabelledEnum):
    """Whether a dispute was referred to another body or came from it."""

    TO = "to", "Referred to"
    FROM = "from", "Referred by"


class Body(LabelledEnum):
    """Bodies with which disputes are exchanged."""

    COURT = "court", "Court"
    PROSECUTOR = "prosecutor", "Prosecutor's office"
    HOTLINE = "hotline", "12345 hotline"
    POLICE = "police", "Police"
    ARBITRATION = "arbitration", "Arbitration commission"
    DEPARTMENT = "department", "Department"
    OTHER = "other", "Other body"


class ReferralOutcome(LabelledEnum):
    """What a referral came to."""

    TAKEN = "taken", "Taken over"
    RETURNED = "returned", "Sent back"
    SETTLED = "settled", "Settled there"
    DECIDED = "decided", "Decided there"
    DROPPED = "dropped", "Dropped"


class CourtResult(LabelledEnum):
    """What the court said to a joint request for confirmation."""

    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"


class CaseState(LabelledEnum):
    """How far a guiding case has come."""

    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    RETIRED = "retired", "Retired"


@dataclass(frozen=True)
class DisputeParty:
    """A party to a dispute: personal data. ``consent`` is what it said last; ``person_id`` where it has an account here.

    ``paper`` is the reference of the document in which the consent was given, ``by`` who wrote it down.
    """

    id: int
    side: Side
    form: PartyForm
    name: str
    phone: str = ""
    address: str = ""
    person_id: UUID | None = None
    consent: Consent = Consent.ASKED
    at: datetime | None = None
    by: str = ""
    paper: str = ""


@dataclass(frozen=True)
class Dispute:
    """What mediation keeps of an event. ``kind`` is one of the kinds of stations (``data/mediation.toml``), "" for any."""

    event_id: UUID
    kind: str = ""
    amount_yuan: float | None = None
    station: str = ""
    station_way: StationWay | None = None
    station_reason: str = ""
    mediator: UUID | None = None
    mediator_way: MediatorWay | None = None
    mediator_reason: str = ""
    outcome: DisputeOutcome | None = None
    outcome_at: datetime | None = None
    outcome_note: str = ""


@dataclass(frozen=True)
class Session:
    """An appointment of a mediation: from ``start`` until before ``end``. ``point_lonlat`` is where a visit leads to."""

    id: int
    event_id: UUID
    mediator: UUID
    start: datetime
    end: datetime
    place: SessionPlace
    station: str = ""
    room: str = ""
    address: str = ""
    point_lonlat: tuple[float, float] | None = None
    state: SessionState = SessionState.PLANNED
    outcome: SessionOutcome | None = None
    minutes: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Agreement:
    """One version of a mediation agreement; ``signed_at`` (None: a draft) starts the thirty days for confirmation.

    ``parties`` are (side's code, name) as they signed.
    """

    id: int
    event_id: UUID
    version: int
    number: str
    terms: str
    amount_yuan: float | None
    perform_by: date | None
    made_at: datetime
    made_by: str
    signed_at: datetime | None = None
    parties: tuple[tuple[str, str], ...] = ()
    place: str = ""
    copies: int = 3


@dataclass(frozen=True)
class Performance:
    """Money that came of a settled dispute: what the creditor recovered, court fees that were given back."""

    id: int
    event_id: UUID
    at: date
    recovered_yuan: float = 0.0
    fees_refunded_yuan: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Confirmation:
    """A joint request to a court to confirm an agreement, and its answer (None: not there yet)."""

    id: int
    event_id: UUID
    agreement_id: int
    court: str
    requested_at: datetime
    papers: tuple[str, str]
    result: CourtResult | None = None
    decided_on: date | None = None
    number: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Referral:
    """A dispute that went to another body, or came from one; ``reference`` is that body's own number."""

    id: int
    event_id: UUID
    direction: Direction
    body: Body
    name: str
    reference: str
    at: datetime
    note: str = ""
    outcome: ReferralOutcome | None = None
    outcome_at: datetime | None = None
    outcome_note: str = ""


@dataclass(frozen=True)
class GuidingCase:
    """A case of the library: anonymised, proposed by one person, approved by another. ``kind`` as of a dispute."""

    id: int
    title: str
    kind: str
    facts: str
    solution: str
    law: str = ""
    state: CaseState = CaseState.PROPOSED
    proposed_by: str = ""
    proposed_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    retired_at: datetime | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class Mediator:
    """Somebody who mediates: where, and what kinds of disputes (empty: any); ``station_lonlat`` is None where unknown."""

    person_id: UUID
    name: str
    station: str
    kinds: tuple[str, ...] = ()
    station_lonlat: tuple[float, float] | None = None
    open_matters: int = 0
    busy: tuple[tuple[datetime, datetime], ...] = field(default_factory=tuple)
