"""``/assessment``: the scores of a month, what each line of them stands for, appeals and their decisions; the same as a workbook.

The page works without any script. Who sees the whole district sees ranks; who sees a part of it sees scores alone, since a rank
among some is none.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from flask import Blueprint, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions import assessment as actions
from geogrid.domain.assessment import Sheet, Subject
from geogrid.domain.grids import Department
from geogrid.domain.masking import mask_name, mask_text
from geogrid.domain.people import Role
from geogrid.domain.places import Level
from geogrid.errors import AccessForbidden, GeogridError, MonthInvalid, NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.assessment import Score, month_bounds, month_of, months_until, scores
from geogrid.store import assessment, audit, unit_names
from geogrid.store.assessment import Line
from geogrid.store.session import session_scope
from layers.assessment import accounts_of, numbers_of
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of, shown_time
from webmap.actor_words import actor_words
from webmap.assessment_book import workbook
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles

blueprint = Blueprint("assessment", __name__)

COUNTERS = frozenset({Role.COMMANDER, Role.DISPATCHER})
CLOSERS = actions.MAY_CLOSE
APPELLANTS = READERS - {Role.AUDITOR, Role.ADMINISTRATOR, Role.PLANNER}
ASKED = ("month", "kind", "subject", "rule")
TOWNSHIP_ZEROS = "000"  # in which the code of a street or township ends
LONGEST = 80
LONGEST_REASON = 500
MOST_MONTHS = 60  # offered to who may count them
DECISIONS = ("granted", "refused")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def the_sheet() -> Sheet:
    """Return the sheet of the installation; raises SheetInvalid."""
    return actions.read_sheet(installation().settings.data_dir)


# -- seen -------------------------------------------------------------------------------------------------------------


@blueprint.get("/assessment")
@roles(READERS)
def page() -> BaseResponse:
    """Send the scores of a month; ``?kind=`` of whom, ``?subject=`` opens the lines of one, ``?rule=`` those of one rule."""
    return _page(_asked(request.args))


def _asked(values: Any) -> dict[str, str]:
    asked = {name: values.get(name, "").strip()[:LONGEST] for name in ASKED}
    here = installation()
    asked["month"] = asked["month"] or month_of(here.now(), here.district.profile.timezone)
    asked["kind"] = asked["kind"] if asked["kind"] in Subject.codes() else _kind_of_reader().value
    try:
        month_bounds(asked["month"], "UTC")
    except ValueError as error:
        raise MonthInvalid(month=asked["month"], reason="it is written 2026-11", where={"path": "month"}) from error
    return asked


def _kind_of_reader() -> Subject:
    """Return whose scores a reader looks for first: his department's, those of streets where he leads one, else people's."""
    if current_scope().whole:
        return Subject.TOWNSHIP
    posts = current_actor().posts
    if any(post.department for post in posts):
        return Subject.DEPARTMENT
    return Subject.TOWNSHIP if any(post.unit.endswith(TOWNSHIP_ZEROS) for post in posts) else Subject.WORKER


def _page(asked: dict[str, str], error: dict[str, Any] | None = None, status: int = 200) -> BaseResponse:
    here, sheet, kind = installation(), the_sheet(), Subject(asked["kind"])
    with reading() as session:
        found = _scores(session, sheet, asked["month"], kind)
        names = subject_names(session, kind, [score.subject for score in found])
        closed = assessment.closed(session, asked["month"])
        at_closing = points_at_closing(session, sheet, asked["month"], kind) if closed else {}
        opened = _opened(session, sheet, asked, names, closed and closed[0]) if asked["subject"] else None
        shown = {
            "months": _months(session, asked["month"]),
            "is_counted": _is_counted(session, asked["month"]),
            "closed": closed and {"at": shown_time(closed[0]), "by": _who(session, closed[1])},
            "waiting": [_waiting(session, *one) for one in assessment.waiting(session)],
            "synthetic": here.district.profile.synthetic or holds_synthetic(session),
        }
    held = current_actor().roles()
    begins, ends = month_bounds(asked["month"], here.district.profile.timezone)
    over, begun = ends <= here.now(), begins <= here.now()
    return page_of(
        "assessment.html", status, error=error, asked=asked, kinds=list(Subject), kind=kind, sheet=sheet,
        rules=[rule for rule in sheet.rules if kind in rule.subjects], language_of=current_language(),
        rows=[_row(score, names, asked, at_closing) for score in found], opened=opened, ranked=current_scope().whole,
        begun=begun, points_text=points_text,
        may={"count": bool(held & COUNTERS) and begun, "close": bool(held & CLOSERS) and over and not closed,
             "decide": bool({role.value for role in held} & set(sheet.deciders))},
        **shown,
    )  # fmt: skip


def _scores(session: Session, sheet: Sheet, month: str, kind: Subject) -> list[Score]:
    known = _known(session, kind) if _is_counted(session, month) else []  # what was not counted is no full score of everybody
    return scores(sheet, assessment.sums(session, month, kind), known)


def _is_counted(session: Session, month: str) -> bool:
    return month in assessment.months(session) or assessment.closed(session, month) is not None


def points_at_closing(session: Session, sheet: Sheet, month: str, kind: Subject) -> dict[str, float]:
    """Return the points with which subjects went into the closing of a month; empty where it is open."""
    closed = assessment.closed(session, month)
    if closed is None:
        return {}
    then = assessment.sums(session, month, kind, written_until=closed[0])
    return {score.subject: score.points for score in scores(sheet, then, _known(session, kind))}


def _known(session: Session, kind: Subject) -> list[str]:
    """Return who has a score though nothing happened: the whole district's reader sees every street and department."""
    if not current_scope().whole or kind is Subject.WORKER:
        return []
    return list(Department.codes()) if kind is Subject.DEPARTMENT else list(unit_names.of_level(session, Level.TOWNSHIP))


def subject_names(session: Session, kind: Subject, subjects: list[str]) -> dict[str, str]:
    """Return what to call subjects: a unit's or department's name; a worker's masked name with the account, to tell two apart."""
    if kind is Subject.DEPARTMENT:
        return {code: label(Department(code)) for code in subjects if code in Department.codes()}
    if kind is Subject.TOWNSHIP:
        return unit_names.of_level(session, Level.TOWNSHIP)
    return {party: f"{mask_name(name)} · {login}" for party, (name, login) in accounts_of(session, subjects).items()}


def _months(session: Session, asked: str) -> list[str]:
    here = installation()
    now = month_of(here.now(), here.district.profile.timezone)
    offered = {*assessment.months(session), now, asked}
    if current_actor().roles() & COUNTERS and (first := assessment.first_step(session)) is not None:
        offered |= {*months_until(month_of(first, here.district.profile.timezone), now, MOST_MONTHS)}
    return sorted(offered, reverse=True)


def points_text(points: float, form: str = "+") -> str:
    """Return points with one digit, two where a sheet has quarters; ``form`` "+" shows the sign of what is more as well."""
    return f"{points:{form}.2f}".removesuffix("0")


def _row(score: Score, names: dict[str, str], asked: dict[str, str], at_closing: dict[str, float]) -> dict[str, Any]:
    was = at_closing.get(score.subject)
    return {
        "at_closing": was if was is not None and was != score.points else None,
        "subject": score.subject,
        "name": names.get(score.subject, score.subject),
        "score": score,
        "href": _address(asked, subject=score.subject, rule=""),
        "rules": {code: _address(asked, subject=score.subject, rule=code) for code in score.by_rule},
        "is_open": score.subject == asked["subject"],
    }


def _address(asked: dict[str, str], **more: str) -> str:
    kept = {name: value for name, value in {**asked, **more}.items() if value}
    return url_for("assessment.page", **kept) + ("#lines" if kept.get("subject") else "")


def _who(session: Session, actor: str) -> str:
    return actor_words(session, [actor], now=installation().now())[actor]


# -- the lines of one -------------------------------------------------------------------------------------------------


def _opened(
    session: Session, sheet: Sheet, asked: dict[str, str], names: dict[str, str], closed_at: datetime | None
) -> dict[str, Any]:
    kind, rule = Subject(asked["kind"]), asked["rule"] or None
    lines = assessment.lines_of(session, asked["month"], kind, asked["subject"], rule=rule)
    numbers = numbers_of(session, [line.key.event_id for line in lines], current_scope())
    people = actor_words(session, {line.written_by for line in lines}, now=installation().now())
    return {
        "name": names.get(asked["subject"], asked["subject"]),
        "rule": rule and _title(sheet, rule),
        "lines": [
            {**_line(session, sheet, line, numbers, people), "after": closed_at is not None and line.written_at > closed_at}
            for line in reversed(lines)  # what was decided or corrected last stands first
        ],
        "total": round(sum(line.points for line in lines), 2),
        "close": _address(asked, subject="", rule=""),
        "all": _address(asked, rule="") if rule else "",
    }


def _title(sheet: Sheet, code: str) -> str:
    rule = sheet.rule(code)
    return rule.title.text(current_language()) if rule else code


def _line(session: Session, sheet: Sheet, line: Line, numbers: dict[Any, str], people: dict[str, str]) -> dict[str, Any]:
    found = assessment.appeal_of(session, line.id)
    return {
        "id": line.id,
        "rule": _title(sheet, line.key.rule),
        "points": line.points,
        "kind": line.kind,
        "at": shown_time(line.written_at),
        "by": people.get(line.written_by, ""),
        "number": numbers.get(line.key.event_id, ""),
        "appeal": found and _appeal(session, found),
        "may_appeal": found is None and actions.may_appeal(line, sheet, current_actor(), now=installation().now()),
    }


def _appeal(session: Session, found: assessment.Appeal) -> dict[str, Any]:
    decided = shown_time(found.decided_at) if found.decided_at else ""
    return {
        "id": found.id, "state": found.state, "reason": mask_text(found.reason), "by": _who(session, found.appealed_by),
        "at": shown_time(found.appealed_at), "decided_at": decided, "decision": mask_text(found.decision),
        "decided_by": _who(session, found.decided_by) if found.decided_by else "",
    }  # fmt: skip


def _waiting(session: Session, found: assessment.Appeal, line: Line) -> dict[str, Any]:
    name = subject_names(session, line.key.subject_kind, [line.key.subject]).get(line.key.subject, line.key.subject)
    asked = {"month": line.month, "kind": line.key.subject_kind.value, "subject": line.key.subject, "rule": line.key.rule}
    own = actions.is_party(current_actor(), found, line)
    told = {"name": name, "month": line.month, "points": line.points, "rule": _title(the_sheet(), line.key.rule)}
    told |= {"kind": line.kind, "number": numbers_of(session, [line.key.event_id], current_scope()).get(line.key.event_id, "")}
    return {**_appeal(session, found), **told, "href": _address(asked).replace("#lines", f"#line-{line.id}"), "own": own}


# -- done -------------------------------------------------------------------------------------------------------------


def _done(asked: dict[str, str], put: Any) -> BaseResponse:
    try:
        with session_scope(installation().engine) as session:
            put(session)
    except GeogridError as error:
        return _page(asked, error_body(error, current_language()), status_of(error))
    return redirect(_address(asked), 303)


@blueprint.post("/assessment/counts")
@roles(COUNTERS)
def count() -> BaseResponse:
    """Write the lines that the month lacks."""
    asked, here = _asked(request.form), installation()
    told = {"sheet": the_sheet(), "timezone": here.district.profile.timezone, "now": here.now()}
    return _done(asked, lambda session: actions.assess(session, asked["month"], by=current_actor().id, **told))


@blueprint.post("/assessment/closings")
@roles(CLOSERS)
def close() -> BaseResponse:
    """Close the month."""
    asked, here = _asked(request.form), installation()
    told = {"sheet": the_sheet(), "timezone": here.district.profile.timezone, "now": here.now()}

    def put(session: Session) -> None:
        if not current_scope().whole:  # a month is the whole district's
            raise AccessForbidden(where={"path": "month"})
        actions.close_month(session, asked["month"], actor=current_actor(), **told)

    return _done(asked, put)


@blueprint.post("/assessment/lines/<int:line_id>/appeals")
@roles(APPELLANTS)
def appeal(line_id: int) -> BaseResponse:
    """Appeal against a line of the ledger that the caller may see."""
    asked, reason = _asked(request.form), request.form.get("reason", "")[:LONGEST_REASON]
    told = {"sheet": the_sheet(), "actor": current_actor(), "now": installation().now()}
    return _done(asked, lambda session: actions.appeal(session, line_id, reason, **told))


@blueprint.post("/assessment/appeals/<int:appeal_id>/decisions")
@roles(READERS)
def decide(appeal_id: int) -> BaseResponse:
    """Grant or refuse an appeal; who may is said by the sheet."""
    asked, why = _asked(request.form), request.form.get("why", "")[:LONGEST_REASON]
    told = {"sheet": the_sheet(), "actor": current_actor(), "now": installation().now()}
    decision = request.form.get("decision", "")

    def put(session: Session) -> None:
        if {role.value for role in current_actor().roles()} & set(told["sheet"].deciders):
            _must_see_appeal(appeal_id)
            if decision not in DECISIONS:  # nothing is decided by what was not pressed
                reason = Reason("one of {expected}", expected=", ".join(DECISIONS))
                raise RequestInvalid(name="decision", reason=reason, where={"path": "decision"})
        actions.decide(session, appeal_id, granted=decision == "granted", why=why, **told)

    return _done(asked, put)


def _must_see_appeal(appeal_id: int) -> None:
    """Raise NotFoundError where the caller does not see the line of an appeal: to him it is as if there were none."""
    with reading() as session:
        if assessment.appeal(session, appeal_id) is None:
            raise NotFoundError(what=str(appeal_id), where={"path": request.path})


@blueprint.get("/assessment.xlsx")
@roles(READERS)
def sheet_file() -> BaseResponse:
    """Send the month as a workbook: scores of streets, departments and workers, every line, the rules."""
    asked, sheet, here = _asked(request.args), the_sheet(), installation()
    with reading() as session:
        parts = {kind: _scores(session, sheet, asked["month"], kind) for kind in Subject}
        at_closing = {kind: points_at_closing(session, sheet, asked["month"], kind) for kind in Subject}
        names = {kind: subject_names(session, kind, [one.subject for one in found]) for kind, found in parts.items()}
        lines = [
            line for kind, found in parts.items() for one in found
            for line in assessment.lines_of(session, asked["month"], kind, one.subject)
        ]  # fmt: skip
        numbers = numbers_of(session, list({line.key.event_id for line in lines}), current_scope())
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    with session_scope(here.engine) as session:
        told = {"object_kind": "assessment", "object_id": asked["month"], "details": {"lines": len(lines)}}
        audit.write(session, actor=current_actor().id, action="export.assessment", now=here.now(), **told)
    told = {"synthetic": synthetic, "ranked": current_scope().whole, "at_closing": at_closing}
    made = workbook(sheet, asked["month"], parts, names, lines, numbers, **told)
    name = f"{say('assessment')}-{asked['month']}.xlsx"
    return send_file(io.BytesIO(made), mimetype=XLSX, as_attachment=True, download_name=name, max_age=0)
