"""The invariants as queries: each returns the rows that break one, as text that names them. Used by ``geogrid fsck`` alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# Every query returns (named, about): the row, and what of it is wrong. They read whole tables, by sequential scans.
ASSIGNED_ONCE = """
SELECT e.id::text, count(a.id)::text FROM events AS e LEFT JOIN assignments AS a ON a.event_id = e.id AND a.is_current
GROUP BY e.id HAVING count(a.id) <> 1
"""
ASSIGNED_IN_FORCE = """
SELECT a.event_id::text, ed.name FROM assignments AS a JOIN editions AS ed ON ed.id = a.edition_id
WHERE NOT ed.valid @> a.assigned_at
"""
OPEN_UNDER_RETIRED = """
SELECT e.id::text, ed.name FROM events AS e JOIN editions AS ed ON ed.id = e.edition_id
WHERE e.is_open AND ed.state <> 'in_force'
"""
CLOSED_KEEP_THEIRS = """
SELECT e.id::text, ed.name FROM events AS e JOIN assignments AS a ON a.event_id = e.id AND a.is_current
JOIN editions AS ed ON ed.id = a.edition_id
WHERE NOT e.is_open AND a.assigned_at > e.closed_at
  AND EXISTS (SELECT FROM assignments AS b WHERE b.event_id = e.id AND b.id < a.id)
"""
ONE_EDITION = "SELECT name, state FROM editions WHERE (state = 'in_force') <> (upper_inf(valid) AND NOT isempty(valid))"
STEPS_WITHOUT_GAPS = """
SELECT e.id::text, count(s.id) || '/' || coalesce(max(s.seq), 0) FROM events AS e LEFT JOIN steps AS s ON s.event_id = e.id
GROUP BY e.id HAVING count(s.id) = 0 OR min(s.seq) <> 1 OR max(s.seq) <> count(s.id)
"""
PROJECTED_PLACE = """
SELECT e.id::text, coalesce(e.grid_code, '-') || ' / ' || coalesce(a.grid_code, '-')
FROM events AS e JOIN assignments AS a ON a.event_id = e.id AND a.is_current
WHERE (e.edition_id, e.grid_code, e.rule) IS DISTINCT FROM (a.edition_id, a.grid_code, a.rule)
"""
PROJECTED_VILLAGE = """
SELECT e.id::text, coalesce(e.village_code, '-') || ' / ' || coalesce(g.village_code, '-')
FROM events AS e JOIN editions AS ed ON ed.id = e.edition_id
LEFT JOIN base_grids AS g ON g.code = e.grid_code AND g.valid @> lower(ed.valid)
WHERE e.village_code IS DISTINCT FROM nullif(g.village_code, '') OR (e.grid_code IS NOT NULL AND g.code IS NULL)
"""
PROJECTED_TOWNSHIP = """
SELECT e.id::text, coalesce(e.township_code, '-') || ' / ' || coalesce(u.parent_code, '-')
FROM events AS e JOIN editions AS ed ON ed.id = e.edition_id
LEFT JOIN units AS u ON u.code = e.village_code AND u.level = 'village' AND u.valid @> lower(ed.valid)
WHERE e.township_code IS DISTINCT FROM u.parent_code
"""
# Said by another way than that of the triggers that keep the table.
PROJECTED_CONCERNS = """
WITH told AS (
    SELECT m.event_id, p.party FROM matters AS m CROSS JOIN LATERAL (VALUES (m.owner), (m.lead)) AS p(party)
    WHERE p.party IS NOT NULL
    UNION SELECT m.event_id, unnest(m.assisting) FROM matters AS m),
due AS (
    SELECT t.event_id, t.party, e.reported_at, e.is_open, e.village_code, e.township_code, e.cell_x, e.cell_y,
        round(ST_X(e.point) * 1e7)::integer AS lon_e7, round(ST_Y(e.point) * 1e7)::integer AS lat_e7,
        e.closed_at
    FROM told AS t JOIN events AS e ON e.id = t.event_id
    WHERE t.party <> 'unit:' || coalesce(e.village_code, '') AND t.party <> 'unit:' || coalesce(e.township_code, ''))
SELECT coalesce(c.event_id, d.event_id)::text, coalesce(c.party, d.party)
FROM concerns AS c FULL JOIN due AS d USING (event_id, party)
WHERE (c.reported_at, c.is_open, c.village_code, c.township_code, c.cell_x, c.cell_y, c.lon_e7, c.lat_e7, c.closed_at)
    IS DISTINCT FROM
    (d.reported_at, d.is_open, d.village_code, d.township_code, d.cell_x, d.cell_y, d.lon_e7, d.lat_e7, d.closed_at)
"""
PROJECTED_SPANS = """
SELECT DISTINCT e.id::text, concat_ws(' ', s.township_code, s.village_code, s.kind, s.channel)
FROM desk_spans AS s JOIN events AS e ON e.id = s.event_id
WHERE (s.township_code, s.village_code, s.kind, s.channel) IS DISTINCT FROM (e.township_code, e.village_code, e.kind, e.channel)
"""
# What was merged ends with the matter that it follows; that one goes its own way, so that there are no chains and no rings.
MERGED_APART = """
SELECT c.event_id::text, c.parent_id::text FROM matters AS c
JOIN matters AS p ON p.event_id = c.parent_id JOIN events AS e ON e.id = c.event_id JOIN events AS f ON f.id = p.event_id
WHERE (e.is_open AND NOT f.is_open) OR p.parent_id IS NOT NULL AND e.is_open
"""
CLOSED_AT = """
SELECT e.id::text, coalesce(e.closed_at::text, '-') || ' / ' || coalesce(max(s.at)::text, '-')
FROM events AS e LEFT JOIN steps AS s ON s.event_id = e.id AND s.kind = 'close'
WHERE NOT EXISTS (SELECT FROM matters AS m WHERE m.event_id = e.id)
GROUP BY e.id HAVING e.closed_at IS DISTINCT FROM max(s.at)
"""
HISTORIES = """
SELECT kinds, state, count(*) AS events, (array_agg(id::text ORDER BY id))[1:20] AS named
FROM (SELECT e.id, e.state, array_agg(s.kind ORDER BY s.seq) AS kinds
      FROM events AS e JOIN steps AS s ON s.event_id = e.id
      WHERE NOT EXISTS (SELECT FROM matters AS m WHERE m.event_id = e.id) GROUP BY e.id) AS told
GROUP BY kinds, state
"""
# A delivery that nobody will ever look at again although it has not ended; the table's checks say the same, row by row.
ADRIFT = """
SELECT id::text, state FROM deliveries
WHERE (state = 'waiting' AND next_try_at IS NULL) OR (state = 'sending' AND lease_until IS NULL)
   OR (state IN ('failed', 'refused') AND last_error = '')
"""
LEASES_OVER = "SELECT id::text, lease_by FROM deliveries WHERE state = 'sending' AND lease_until < :before"
PHOTOS = "SELECT DISTINCT sha256 FROM photos ORDER BY sha256"
PENDING = """
SELECT count(*) FROM events AS e CROSS JOIN unnest(e.photos_promised) AS promised
WHERE NOT EXISTS (SELECT FROM photos AS p WHERE p.event_id = e.id AND p.sha256 = promised)
"""


def broken(session: Session, query: str) -> list[tuple[str, str]]:
    """Return the rows that a query of this module finds: (row, what of it is wrong)."""
    return [(row[0], row[1]) for row in session.execute(text(query))]


def leases_over(session: Session, before: datetime) -> list[tuple[str, str]]:
    """Return the deliveries whose leases ended before ``before`` and that nobody swept up, with who held them."""
    return [(row[0], row[1]) for row in session.execute(text(LEASES_OVER), {"before": before})]


def histories(session: Session) -> Iterator[tuple[list[str], str, int, list[str]]]:
    """Yield every sequence of steps of events without a matter: kinds in order, the state stored, how many, some of their ids."""
    for row in session.execute(text(HISTORIES)):
        yield row.kinds, row.state, row.events, row.named


def photo_hashes(session: Session) -> list[str]:
    """Return the SHA-256 of every photo that has a row."""
    return list(session.scalars(text(PHOTOS)))


def pending_photos(session: Session) -> int:
    """Return how many photos were promised and have not come yet: shown as pending, no breach."""
    return int(session.scalar(text(PENDING)) or 0)
