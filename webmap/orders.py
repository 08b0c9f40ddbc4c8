"""``/orders``: the orders that one was given, to say that one has read them; those that one gave, with who has; on any screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions.orders import read_order
from geogrid.store.session import session_scope
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of
from webmap.api.desk_orders import GIVERS, orders_about, receipts_body
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import reading
from webmap.roles import READERS, roles

blueprint = Blueprint("orders", __name__)

MOST_WITH_RECEIPTS = 20  # of the orders one gave, the latest are shown with every name


@blueprint.get("/orders")
@roles(READERS)
def page() -> BaseResponse:
    """Send the orders given to the caller, those not read first, and those that he gave himself."""
    actor = current_actor()
    with reading() as session:
        found = orders_about(session)
        mine = sorted((one for one in found if one["mine"]), key=lambda one: one["read_at"] is not None)
        given = [one for one in found if one["given_by"]["party"] == actor.id]
        for one in given[:MOST_WITH_RECEIPTS]:
            one["receipts"] = receipts_body(session, one)
        synthetic = installation().district.profile.synthetic or holds_synthetic(session)
    gives = bool(actor.roles() & GIVERS)
    return page_of("orders.html", mine=mine, given=given, gives=gives, local=_local, synthetic=synthetic)


@blueprint.post("/orders/<int:order_id>/read")
@roles(READERS)
def read(order_id: int) -> BaseResponse:
    """Note that the caller has read an order; 404 for whom it was not given to."""
    here = installation()
    with session_scope(here.engine) as session:
        read_order(session, order_id, actor=current_actor(), now=here.now())
    return redirect("/orders", 303)


def _local(at: Any) -> str:
    """Return an instant in the district's time to the minute; "" for none."""
    if not at:
        return ""
    zone = ZoneInfo(installation().district.profile.timezone)
    return datetime.fromisoformat(at).astimezone(zone).strftime("%Y-%m-%d %H:%M")
