"""Mediation: what is kept of disputes besides their steps: parties and consent, sessions, agreements, referrals; and the cases.

Whatever names a party is personal data: row security shows it to who sees the event, pages show it masked. Consents, agreements
and performances are rows that are added, never changed. ``matters.outcome`` is the programme's word; ``disputes.outcome`` is how
mediation ended under every programme, also under one that knows no such step.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, TSTZRANGE, ExcludeConstraint

from geogrid.domain.disputes import (
    Body,
    Consent,
    CourtResult,
    Direction,
    DisputeOutcome,
    MediatorWay,
    PartyForm,
    ReferralOutcome,
    SessionOutcome,
    SessionPlace,
    SessionState,
    Side,
    StationWay,
)
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import geometry, metadata

TAKES_TIME = text("state <> 'cancelled'")


def _id() -> Column:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _event() -> Column:
    return Column("event_id", Uuid, ForeignKey("events.id"), nullable=False)


def _when(name: str, *, needed: bool = False) -> Column:
    return Column(name, TIMESTAMP(timezone=True), nullable=not needed)


def _said(name: str) -> Column:
    return Column(name, Text, nullable=False, server_default="")


def _yuan(name: str) -> Column:
    return Column(name, Double, CheckConstraint(f"{name} >= 0 AND {name} < 'Infinity'", name=f"{name}_counted"))


def _synthetic() -> Column:
    return Column("synthetic", Boolean, nullable=False, server_default=text("false"))


# One row an event of kind dispute, from the first thing that is done for it. ``kind`` is one of the kinds of stations.
disputes = Table(
    "disputes",
    metadata,
    Column("event_id", Uuid, ForeignKey("events.id"), primary_key=True),
    _said("kind"),
    _yuan("amount_yuan"),
    _said("station"),
    Column("station_way", Text, one_of("station_way", StationWay)),
    _said("station_reason"),
    Column("mediator", Uuid, ForeignKey("people.id")),
    Column("mediator_way", Text, one_of("mediator_way", MediatorWay)),
    _said("mediator_reason"),
    _when("opened_at", needed=True),
    Column("outcome", Text, one_of("outcome", DisputeOutcome)),
    _when("outcome_at"),
    _said("outcome_by"),
    _said("outcome_note"),
    _synthetic(),
    CheckConstraint("(outcome IS NULL) = (outcome_at IS NULL)", name="outcome_has_time"),
    CheckConstraint("(mediator IS NULL) = (mediator_way IS NULL)", name="mediator_has_way"),
    Index("ix_disputes_mediator", "mediator", postgresql_where=text("mediator IS NOT NULL")),
    Index(None, "outcome_at"),
)

dispute_parties = Table(
    "dispute_parties",
    metadata,
    _id(),
    _event(),
    Column("side", Text, one_of("side", Side), nullable=False),
    Column("form", Text, one_of("form", PartyForm), nullable=False),
    Column("name", Text, CheckConstraint("name <> ''", name="name_there"), nullable=False),
    _said("phone"),
    _said("address"),
    Column("person_id", Uuid, ForeignKey("people.id")),
    _synthetic(),
    Index(None, "event_id"),
)

# What each party said to mediation, one row an answer; the latest holds.
dispute_consents = Table(
    "dispute_consents",
    metadata,
    _id(),
    _event(),
    Column("party_id", BigInteger, ForeignKey("dispute_parties.id"), nullable=False),
    Column("consent", Text, one_of("consent", Consent), nullable=False),
    _when("at", needed=True),
    Column("by", Text, nullable=False),
    _said("paper"),
    Index(None, "event_id"),
    Index(None, "party_id", "id"),
)

# Who mediates, where, and which kinds of disputes (none named: any).
mediators = Table(
    "mediators",
    metadata,
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    Column("station", Text, CheckConstraint("station <> ''", name="station_there"), nullable=False),
    Column("kinds", ARRAY(Text), nullable=False, server_default="{}"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _synthetic(),
    Index(None, "station"),
)

# A mediator who stepped back from a dispute, or was refused by a side, does not come back to it.
dispute_recusals = Table(
    "dispute_recusals",
    metadata,
    _event(),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    _when("at", needed=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, CheckConstraint("reason <> ''", name="reason_there"), nullable=False),
    PrimaryKeyConstraint("event_id", "person_id"),
)

# Neither a mediator nor a room is in two places at once: what is not cancelled takes its time.
mediation_sessions = Table(
    "mediation_sessions",
    metadata,
    _id(),
    _event(),
    Column("mediator", Uuid, ForeignKey("people.id"), nullable=False),
    Column(
        "during",
        TSTZRANGE,
        CheckConstraint("NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)", name="during_bounded"),
        nullable=False,
    ),
    Column("place", Text, one_of("place", SessionPlace), nullable=False),
    _said("station"),
    _said("room"),
    _said("address"),
    geometry("POINT", name="point", nullable=True),
    Column("state", Text, one_of("state", SessionState), nullable=False),
    Column("outcome", Text, one_of("outcome", SessionOutcome)),
    _said("minutes"),
    _said("reason"),
    Column("made_by", Text, nullable=False),
    _when("made_at", needed=True),
    _said("ended_by"),
    _when("ended_at"),
    _synthetic(),
    CheckConstraint("place <> 'room' OR (station <> '' AND room <> '')", name="room_named"),
    CheckConstraint("(state = 'held') = (outcome IS NOT NULL)", name="held_has_outcome"),
    CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name="ended_has_time"),
    ExcludeConstraint(("mediator", "="), ("during", "&&"), where=TAKES_TIME, name="ex_mediation_sessions_mediator"),
    ExcludeConstraint(
        ("station", "="), ("room", "="), ("during", "&&"),
        where=text("state <> 'cancelled' AND place = 'room'"),
        name="ex_mediation_sessions_room",
    ),
    Index(None, "event_id"),
)  # fmt: skip

# Every version of an agreement; a draft has no ``signed_at``. ``parties`` are [side, name] as they stood in it.
agreements = Table(
    "agreements",
    metadata,
    _id(),
    _event(),
    Column("version", Integer, CheckConstraint("version >= 1", name="version_from_one"), nullable=False),
    Column("number", Text, CheckConstraint("number <> ''", name="number_there"), nullable=False),
    Column("terms", Text, CheckConstraint("terms <> ''", name="terms_there"), nullable=False),
    _yuan("amount_yuan"),
    Column("perform_by", Date),
    _said("place"),
    Column("parties", JSONB, nullable=False, server_default=text("'[]'")),
    _when("signed_at"),
    _when("made_at", needed=True),
    Column("made_by", Text, nullable=False),
    _synthetic(),
    UniqueConstraint("event_id", "version"),
)

# Money that came of it, one row a payment.
performances = Table(
    "performances",
    metadata,
    _id(),
    _event(),
    Column("at", Date, nullable=False),
    Column(
        "recovered_yuan",
        Double,
        CheckConstraint("recovered_yuan >= 0 AND recovered_yuan < 'Infinity'", name="recovered_counted"),
        nullable=False,
        server_default="0",
    ),
    Column(
        "fees_refunded_yuan",
        Double,
        CheckConstraint("fees_refunded_yuan >= 0 AND fees_refunded_yuan < 'Infinity'", name="fees_counted"),
        nullable=False,
        server_default="0",
    ),
    _said("note"),
    Column("by", Text, nullable=False),
    _when("written_at", needed=True),
    _synthetic(),
    CheckConstraint("recovered_yuan + fees_refunded_yuan > 0", name="something_paid"),
    Index(None, "event_id"),
    Index(None, "at"),
)

# Joint requests for judicial confirmation; one an agreement.
confirmations = Table(
    "confirmations",
    metadata,
    _id(),
    _event(),
    Column("agreement_id", BigInteger, ForeignKey("agreements.id"), nullable=False),
    Column("court", Text, CheckConstraint("court <> ''", name="court_there"), nullable=False),
    _when("requested_at", needed=True),
    Column("requested_by", Text, nullable=False),
    Column("paper_applicant", Text, CheckConstraint("paper_applicant <> ''", name="applicant_joins"), nullable=False),
    Column("paper_respondent", Text, CheckConstraint("paper_respondent <> ''", name="respondent_joins"), nullable=False),
    Column("result", Text, one_of("result", CourtResult)),
    Column("decided_on", Date),
    _said("number"),
    _said("reason"),
    _said("decided_by"),
    _synthetic(),
    CheckConstraint("(result IS NULL) = (decided_on IS NULL)", name="result_has_date"),
    UniqueConstraint("agreement_id"),
    Index(None, "event_id"),
)

referrals = Table(
    "referrals",
    metadata,
    _id(),
    _event(),
    Column("direction", Text, one_of("direction", Direction), nullable=False),
    Column("body", Text, one_of("body", Body), nullable=False),
    _said("name"),
    _said("reference"),
    _when("at", needed=True),
    Column("by", Text, nullable=False),
    _said("note"),
    Column("outcome", Text, one_of("outcome", ReferralOutcome)),
    _when("outcome_at"),
    _said("outcome_by"),
    _said("outcome_note"),
    _synthetic(),
    CheckConstraint("(outcome IS NULL) = (outcome_at IS NULL)", name="outcome_has_time"),
    Index(None, "event_id"),
)

# The library of guiding cases: anonymised, approved by another than proposed them; what is retired stays.
guiding_cases = Table(
    "guiding_cases",
    metadata,
    _id(),
    Column("title", Text, CheckConstraint("title <> ''", name="title_there"), nullable=False),
    _said("kind"),
    Column("facts", Text, CheckConstraint("facts <> ''", name="facts_there"), nullable=False),
    Column("solution", Text, CheckConstraint("solution <> ''", name="solution_there"), nullable=False),
    _said("law"),
    Column("proposed_by", Text, nullable=False),
    _when("proposed_at", needed=True),
    Column("approved_by", Text),
    _when("approved_at"),
    Column("retired_by", Text),
    _when("retired_at"),
    _said("retired_reason"),
    _synthetic(),
    CheckConstraint("approved_by <> proposed_by", name="another_approves"),
    CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_has_time"),
    CheckConstraint("(retired_by IS NULL) = (retired_at IS NULL)", name="retired_has_time"),
)
