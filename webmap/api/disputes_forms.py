"""What is sent to the API of disputes: one form a deed; the first fault is told by field."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from flask import request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from geogrid.domain.disputes import (
    Body,
    CaseState,
    Consent,
    CourtResult,
    Direction,
    DisputeOutcome,
    PartyForm,
    ReferralOutcome,
    SessionOutcome,
    SessionPlace,
    Side,
)
from geogrid.errors import DisputeValue, MediaTypeUnsupported
from webmap.api.base import JSON
from webmap.api.query_faults import in_words
from webmap.api.strict_json import parse_object
from webmap.roles import whole_body

Form = TypeVar("Form", bound=BaseModel)
SHORT, LONG = 200, 20_000
MOST_YUAN = 1e12
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class Sent(BaseModel):
    """A body; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Described(Sent):
    """Kind and claim of a dispute; what is not sent stays."""

    kind: str | None = Field(None, max_length=40, description="one of data/mediation.toml, or empty for any")
    amount_yuan: float | None = Field(None, ge=0, lt=MOST_YUAN)


class PartySent(Sent):
    """A party: personal data, shown masked afterwards."""

    side: Side
    form: PartyForm = PartyForm.PERSON
    name: str = Field(min_length=1, max_length=SHORT)
    phone: str = Field("", max_length=40)
    address: str = Field("", max_length=SHORT)
    person_id: UUID | None = Field(None, description="where the party has an account here: it then never mediates")


class ConsentSent(Sent):
    """What a party says to mediation; a consent has the reference of its paper."""

    consent: Consent
    paper: str = Field("", max_length=SHORT)


class StationSent(Sent):
    """The station that shall mediate."""

    station: str = Field(min_length=1, max_length=20)
    reason: str = Field("", max_length=SHORT)


class MediatorSent(Sent):
    """Who shall mediate; ``picked`` where the parties chose him."""

    person_id: UUID
    picked: bool = False
    reason: str = Field("", max_length=SHORT)


class RecusalSent(Sent):
    """Who does not mediate, and why."""

    person_id: UUID
    reason: str = Field(min_length=2, max_length=SHORT)


class SessionSent(Sent):
    """An appointment. Without ``mediator`` it is the dispute's own; without ``point`` a visit leads to the event's place."""

    start: AwareDatetime
    end: AwareDatetime
    place: SessionPlace
    mediator: UUID | None = None
    station: str = Field("", max_length=20)
    room: str = Field("", max_length=80)
    address: str = Field("", max_length=SHORT)
    point: tuple[Longitude, Latitude] | None = Field(None, description="longitude, latitude in degrees (CGCS2000)")


class SessionEnded(Sent):
    """What became of an appointment: held with ``outcome`` and minutes, or cancelled (no outcome) with the reason."""

    outcome: SessionOutcome | None = None
    text: str = Field(min_length=1, max_length=LONG)


class TermsSent(Sent):
    """The next version of an agreement."""

    terms: str = Field(min_length=1, max_length=LONG)
    amount_yuan: float | None = Field(None, ge=0, lt=MOST_YUAN)
    perform_by: date | None = None
    place: str = Field("", max_length=SHORT)


class PaymentSent(Sent):
    """What was paid: recovered by the creditor, court fees that were given back."""

    at: date
    recovered_yuan: float = Field(0.0, ge=0, lt=MOST_YUAN)
    fees_refunded_yuan: float = Field(0.0, ge=0, lt=MOST_YUAN)
    note: str = Field("", max_length=SHORT)


class CourtAsked(Sent):
    """A joint request: the court and the references of both sides' requests."""

    court: str = Field(min_length=1, max_length=SHORT)
    paper_applicant: str = Field("", max_length=SHORT)
    paper_respondent: str = Field("", max_length=SHORT)


class CourtAnswer(Sent):
    """The court's answer."""

    result: CourtResult
    on: date
    number: str = Field("", max_length=SHORT)
    reason: str = Field("", max_length=SHORT)


class Ended(Sent):
    """How mediation ended without an agreement; ``step`` names the programme's step where there are several."""

    outcome: DisputeOutcome
    note: str = Field("", max_length=LONG)
    step: str = Field("", max_length=60)


class LevelMoved(Sent):
    """Up or down the three-level filter, and why."""

    direction: str = Field(pattern="^(up|down)$")
    reason: str = Field(min_length=1, max_length=SHORT)


class ReferralSent(Sent):
    """Where a dispute went to or came from; ``reference`` is the other body's own number."""

    direction: Direction
    body: Body
    name: str = Field("", max_length=SHORT)
    reference: str = Field("", max_length=SHORT)
    note: str = Field("", max_length=SHORT)


class ReferralEnded(Sent):
    """What a referral came to."""

    outcome: ReferralOutcome
    note: str = Field("", max_length=SHORT)


class PurposeSent(Sent):
    """For what the names are needed."""

    purpose: str = Field("", max_length=SHORT)


class CaseSent(Sent):
    """A case for the library; it names nobody."""

    title: str = Field(min_length=1, max_length=SHORT)
    kind: str = Field("", max_length=40)
    facts: str = Field(min_length=1, max_length=4_000)
    solution: str = Field(min_length=1, max_length=4_000)
    law: str = Field("", max_length=4_000)


class CaseDecided(Sent):
    """Approved, or retired with a reason."""

    state: CaseState
    reason: str = Field("", max_length=SHORT)


class RouteTaken(Sent):
    """The day whose visits get the times of the shortest order."""

    day: date
    mediator: UUID | None = Field(None, description="without: the caller")


def sent(form: type[Form]) -> Form:
    """Return the body of the request as ``form``.

    Raises
    ------
    MediaTypeUnsupported, JsonError
    DisputeValue
        for the first field that is wrong, by name
    """
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    try:
        return form.model_validate(parse_object(whole_body()))
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"]) or "body"
        raise DisputeValue(field=name, reason=in_words(fault), where={"path": name}) from error


def instant_of(value: datetime | None) -> str | None:
    """Return a time as ISO 8601 with offset, None for none."""
    return None if value is None else value.isoformat()
