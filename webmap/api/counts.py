"""Counts: events by place and time, as recorded, as of an instant, or recast to any edition."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi import Tag
from pydantic import AwareDatetime, BaseModel, Field

from geogrid.domain.readings import Asked, Bucket, CountLevel, Counts, NoHeir, Part, Period, Reading
from geogrid.errors import RequestInvalid
from geogrid.errors.family import Reason
from layers.counts import count_rows, flow_rows, labelled, reconciliation
from webmap.api.base import Query, blueprint
from webmap.api.events import answer
from webmap.counting import counted
from webmap.installation import installation
from webmap.language import current_language
from webmap.roles import READERS, roles

COUNTS = Tag(name="counts", description="How many events where and when, under any edition; totals reconcile")


class CountsQuery(Query):
    """What is to be counted; see the guide on recasting."""

    reading: Reading = Field(Reading.RECORDED, description="whose word counts for the place of an event")
    edition: str | None = Field(None, max_length=200, description="to recast to, also one only loaded; without: the one in force")
    as_of: AwareDatetime | None = Field(None, description="for `as-of`: what the register said then; without: now")
    by: CountLevel = Field(CountLevel.GRID)
    reported_from: AwareDatetime | None = Field(None, alias="from", description="reported at or after this time, with its offset")
    reported_to: AwareDatetime | None = Field(None, alias="to", description="reported before this time, with its offset")
    period: Period | None = Field(None, description="a row for each of these, by the district's clocks")
    split: str | None = Field(None, max_length=40, description="channel, kind, state: a row for each, joined by commas")
    flow: bool = Field(False, description="also what is where as recorded and where in the reading")

    def asked(self) -> Asked:
        """Return what is asked; raises RequestInvalid where parameters do not go together."""
        for name, given, reading in (("edition", self.edition, Reading.RECAST), ("as_of", self.as_of, Reading.AS_OF)):
            if given is not None and self.reading is not reading:
                raise RequestInvalid(
                    name=name, reason=Reason("it goes with reading={reading} alone", reading=reading.value), where={"path": name}
                )
        return Asked(
            reading=self.reading,
            by=self.by,
            edition=self.edition,
            as_of=self.as_of,
            start=self.reported_from,
            end=self.reported_to,
            period=self.period,
            parts=parts_of(self.split),
            flow=self.flow,
        )


def parts_of(text: str | None) -> tuple[Part, ...]:
    """Return the parts that a text joined by commas names; raises RequestInvalid."""
    names = [] if not text else text.split(",")
    for name in names:
        if name not in Part.codes():
            raise RequestInvalid(
                name="split", reason=Reason("one of {expected}", expected=", ".join(Part.codes())), where={"path": "split"}
            )
    return tuple(Part(name) for name in dict.fromkeys(names))


class BucketBody(BaseModel):
    """How many events came to their place this way, or have none for this reason."""

    bucket: Bucket
    label: str
    recorded: int
    counted: int


class CountBody(BaseModel):
    """Events of one place; ``code`` is null where they have none. ``channel``, ``kind``, ``state`` as asked by ``split``."""

    code: str | None
    name: str
    period: str | None = Field(None, description="first local day of the period")
    recorded: int
    counted: int
    difference: int


class MovedBody(BaseModel):
    """Events with one pair of places; where a code is null, its bucket says why."""

    old_code: str | None
    old_name: str
    old_bucket: Bucket | None
    new_code: str | None
    new_name: str
    new_bucket: Bucket | None
    events: int


class NotRecastBody(BaseModel):
    """An event placed by hand in a grid that no one grid of the edition succeeds."""

    id: str
    number: str
    grid_code: str
    edition: str
    reason: NoHeir
    label: str
    heirs: list[str]


class CountsBody(BaseModel):
    """A counted reading. Every event of the period is in exactly one bucket on each side."""

    reading: Reading
    by: CountLevel
    edition: str | None
    as_of: str | None
    total: int = Field(description="all events of the period")
    last_step: int = Field(description="the register was read as it stood after this step")
    buckets: list[BucketBody]
    rows: list[CountBody]
    flow: list[MovedBody] | None
    not_recast: list[NotRecastBody]
    reconciliation: list[str] = Field(description="the sums in words")


@blueprint.get("/counts", tags=[COUNTS], summary="Count events under any edition", responses={"200": CountsBody})
@roles(READERS)
def get_counts(query: CountsQuery) -> Response:
    """Count in one of three readings, beside the same as recorded. At most 50,000 rows."""
    found = counted(installation(), query.asked())
    return answer(body_of(found.counts, found.names))


def body_of(counts: Counts, names: dict[str, str]) -> dict[str, Any]:
    """Return a reading as the API sends it."""
    language, asked = current_language(), counts.asked
    return {
        "reading": asked.reading,
        "by": asked.by,
        "edition": counts.edition,
        "as_of": asked.as_of and asked.as_of.isoformat(),
        "total": counts.total,
        "last_step": counts.last_step,
        "buckets": [
            {"bucket": bucket, "label": labelled(bucket, language), "recorded": recorded, "counted": number}
            for bucket, (recorded, number) in counts.buckets.items()
        ],
        "rows": count_rows(counts, names),
        "flow": flow_rows(counts, names, moved_only=False) if asked.flow else None,
        "not_recast": [
            {
                "id": str(lost.event_id),
                "number": lost.number,
                "grid_code": lost.grid_code,
                "edition": lost.edition,
                "reason": lost.reason,
                "label": labelled(lost.reason, language),
                "heirs": lost.heirs,
            }
            for lost in counts.not_recast
        ],
        "reconciliation": reconciliation(counts, language),
    }
