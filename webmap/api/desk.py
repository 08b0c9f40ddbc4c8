"""The desk over HTTP: the queue of all channels. Its other parts stand in the files ``desk_*`` beside this one."""

from __future__ import annotations

from flask import Response

from layers.desk_names import of_rows
from layers.queue import count_queue, looked_for, read_queue, sort_of
from layers.queue_rows import read_rows
from webmap.api.base import blueprint
from webmap.api.bodies import instant
from webmap.api.desk_bodies import row_body
from webmap.api.desk_query import QueueQuery, read_cursor, write_cursor
from webmap.api.desk_views import with_view
from webmap.api.events import answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles


@blueprint.get("/desk/queue", tags=[DESK], summary="The queue of all channels by light and due time")
@roles(READERS)
def get_queue(query: QueueQuery) -> Response:
    """Return a page of matters, how many there are by light, and the cursor of the next page.

    Pages of one list show the lights of one instant, that of its first page (``as_of``).
    """
    query = with_view(query)
    chosen, scope = query.chosen(), current_scope()
    sort = sort_of(chosen, query.sort)
    now, after = read_cursor(query.after, sort) if query.after else (installation().now(), None)
    with reading() as session:
        chosen = looked_for(session, chosen, now=now, scope=scope)
        counts = count_queue(session, chosen, now=now, scope=scope)
        page = {"sort": sort, "limit": query.limit, "after": after}
        found, place = read_queue(session, chosen, now=now, scope=scope, **page) if counts.total else ([], None)
        rows = read_rows(session, [one.event_id for one in found], now=now, scope=scope)
        names = of_rows(session, rows)
    return answer(
        {
            "rows": [row_body(row, names) for row in rows],
            "next": write_cursor(sort, now, place) if place else None,
            "counts": {light.value: count for light, count in counts.by_light.items()},
            "total": counts.total,
            "total_exact": counts.exact,
            "among_latest": counts.among_latest,
            "sort": sort,
            "as_of": instant(now),
        }
    )
