"""The agreement as a document: a page to read and an A4 PDF to sign, with or without the names of the parties.

Asked for with a purpose, in the body of a form, it has the names as they are, and the look is in the audit like every other; else
they are masked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from geogrid.actions import disputes_papers
from geogrid.actions.disputes import By
from geogrid.actions.disputes_view import WholeDispute, whole
from geogrid.domain.disputes import Agreement, Side
from geogrid.domain.doors import Allowance
from geogrid.domain.masking import mask_name, mask_names, mask_text
from geogrid.errors import AccessError, NotFoundError, RequestInvalid, RevealLimit
from geogrid.errors.family import Reason
from geogrid.store import audit
from geogrid.store.session import session_scope
from layers.synthetic import holds_synthetic
from webmap.api.disputes import refuse_look
from webmap.api.disputes_bodies import names_in
from webmap.installation import installation
from webmap.language import label, say
from webmap.login import current_actor
from webmap.mediator import _at, _yuan
from webmap.reading import must_see, reading
from webmap.roles import MEDIATION, roles

blueprint = Blueprint("mediator_papers", __name__)

FORMS = ("html", "pdf")
PDF = "application/pdf"
STYLE = Path(__file__).parent / "static" / "css" / "agreement.css"


@blueprint.get("/mediator/<uuid:event_id>/agreements/<int:version>.<form>")
@roles(MEDIATION)
def agreement(event_id: UUID, version: int, form: str) -> Response:
    """Send a version of an agreement as page or PDF, the names masked."""
    return _paper(event_id, version, form, open_names=False)


@blueprint.post("/mediator/<uuid:event_id>/agreements/<int:version>.<form>")
@roles(MEDIATION)
def named_agreement(event_id: UUID, version: int, form: str) -> Response:
    """Send it with the names, for who handles the dispute; ``purpose`` comes in the body: no log of addresses keeps it."""
    return _paper(event_id, version, form, open_names=True)


for view in (agreement, named_agreement):
    view.allowance = Allowance.EXPORT  # type: ignore[attr-defined]


def _paper(event_id: UUID, version: int, form: str, *, open_names: bool) -> Response:
    if form not in FORMS:
        raise RequestInvalid(name="form", reason=Reason("one of {expected}", expected="html, pdf"), where={"path": request.path})
    here = installation()
    with reading() as session:
        found = whole(session, event_id, now=here.now(), district=here.district)
        synthetic = found.event.report.synthetic or here.district.profile.synthetic or holds_synthetic(session)
    chosen = next((one for one in found.agreements if one.version == version), None)
    if chosen is None:
        raise NotFoundError(what=f"{found.event.number}-{version}", where={"path": request.path})
    if open_names:
        _reveal(event_id, request.form.get("purpose", "").strip())
    told = _told(found, chosen, open_names=open_names)
    text = render_template("mediator_agreement.html", **told, synthetic=synthetic, form=form)
    if form == "html":
        return Response(text, mimetype="text/html")
    with session_scope(here.engine) as session:
        export = {"details": {"version": version, "names": open_names}, "address": request.remote_addr or ""}
        told = {**audit.event(event_id), **export}
        audit.write(session, actor=current_actor().id, action="export.agreement", now=here.now(), **told)
    response = Response(pdf_of(text), mimetype=PDF)
    response.headers["Content-Disposition"] = f'inline; filename="agreement-{chosen.number}.pdf"'
    return response


def _reveal(event_id: UUID, purpose: str) -> None:
    """Write who looks at the names, or that he may not."""
    here = installation()
    try:
        with session_scope(here.engine) as session:
            must_see(session, event_id)
            by = By(current_actor(), request.remote_addr or "")
            disputes_papers.reveal_parties(session, event_id, purpose, by=by, now=here.now(), district=here.district)
    except (AccessError, RevealLimit) as error:
        refuse_look(event_id, purpose, error.code)
        raise


def _told(found: WholeDispute, chosen: Agreement, *, open_names: bool) -> dict[str, Any]:
    def named(name: str) -> str:
        return name if open_names else mask_name(name)

    def written(text: str) -> str:
        return text if open_names else mask_names(mask_text(text), names_in(found))

    known = _known(found) if open_names else {}
    parties = [(Side(side), (named(name), known.get((side, name), ""))) for side, name in chosen.parties]
    here = installation()
    of_this = disputes_papers.window_of(chosen, now=here.now(), district=here.district, programme=found.view.programme)
    mediator = found.names.get(found.dispute.mediator, "") if found.dispute.mediator else ""
    return {
        "number": chosen.number,
        "version": chosen.version,
        "profile_name": installation().district.profile.name,
        "station": found.station.name if found.station else "",
        "sides": [(label(side), [told for one, told in parties if one is side]) for side in Side],
        "facts": mask_text(found.event.report.words) if open_names else written(found.event.report.words),
        "terms": written(chosen.terms).splitlines(),
        "amount": _yuan(chosen.amount_yuan),
        "perform_by": chosen.perform_by.isoformat() if chosen.perform_by else "",
        "place": written(chosen.place),
        "signed_at": _at(chosen.signed_at.isoformat(), "%Y-%m-%d") if chosen.signed_at else "",
        "made_at": _at(chosen.made_at.isoformat(), "%Y-%m-%d"),
        "last_day": of_this.last_day.isoformat() if of_this else "",
        "mediator": mediator,
        "masked": not open_names,
    }


def _known(found: WholeDispute) -> dict[tuple[str, str], str]:
    """Return telephone and address of the parties by side and name, as an agreement tells who its parties are."""
    return {
        (party.side.value, party.name): say(", ").join(one for one in (party.phone, party.address) if one)
        for party in found.parties
    }


def pdf_of(text: str) -> bytes:
    """Return a page as an A4 PDF; nothing outside it is fetched but its own style sheet."""
    from weasyprint import CSS, HTML

    def refuse(url: str, *_args: Any, **_more: Any) -> dict[str, Any]:
        raise ValueError(f"nothing is fetched for a document: {url}")

    style = CSS(string=STYLE.read_text(encoding="utf-8"), url_fetcher=refuse)
    made: bytes = HTML(string=text, url_fetcher=refuse, base_url="about:blank").write_pdf(stylesheets=[style])
    return made
