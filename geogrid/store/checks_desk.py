"""The invariants of what the desk keeps, as queries: each returns the rows that break one, as text that names them.

Each returns (named, about): the row, and what of it is wrong. They say again what constraints and actions hold, by another
way: a table that came from a backup, or that somebody mended by hand, is looked at all the same. ``:timezone`` is that of the
district.
"""

from __future__ import annotations

# -- disputes ---------------------------------------------------------------------------------------------------------

SESSIONS_OVERLAP = """
SELECT a.id || ' ' || b.id, CASE WHEN a.mediator = b.mediator THEN 'mediator' ELSE a.station || ' ' || a.room END
FROM mediation_sessions AS a JOIN mediation_sessions AS b ON a.id < b.id AND a.during && b.during
    AND (a.mediator = b.mediator OR a.place = 'room' AND b.place = 'room' AND (a.station, a.room) = (b.station, b.room))
WHERE a.state <> 'cancelled' AND b.state <> 'cancelled'
"""
PAPERS_APART = """
SELECT event_id::text, 'agreements: ' || count(*) || ' / ' || max(version) FROM agreements
GROUP BY event_id HAVING min(version) <> 1 OR max(version) <> count(*)
UNION ALL SELECT c.event_id::text, 'confirmation ' || c.id FROM confirmations AS c JOIN agreements AS a ON a.id = c.agreement_id
WHERE a.event_id <> c.event_id
UNION ALL SELECT c.event_id::text, 'consent ' || c.id FROM dispute_consents AS c JOIN dispute_parties AS p ON p.id = c.party_id
WHERE p.event_id <> c.event_id
"""
# A dispute is settled by its agreement and by nothing else; who stepped back does not mediate; what ended has nothing planned.
DISPUTE_ENDS = """
SELECT d.event_id::text, 'settled, nothing signed' FROM disputes AS d
WHERE d.outcome = 'settled' AND NOT EXISTS (SELECT FROM agreements AS a WHERE a.event_id = d.event_id AND a.signed_at IS NOT NULL)
UNION ALL SELECT event_id::text, 'ended before it was opened' FROM disputes WHERE outcome_at < opened_at
UNION ALL SELECT d.event_id::text, 'recused: ' || d.mediator FROM disputes AS d
    JOIN dispute_recusals AS r ON r.event_id = d.event_id AND r.person_id = d.mediator
UNION ALL SELECT s.event_id::text, 'planned: ' || s.id FROM mediation_sessions AS s JOIN disputes AS d ON d.event_id = s.event_id
WHERE s.state = 'planned' AND d.outcome IS NOT NULL
"""

# -- outside orders ---------------------------------------------------------------------------------------------------

ORDER_ROUNDS = """
SELECT o.channel || ':' || o.number, o.round || ' / ' || coalesce(max(m.round), 0)
FROM outside_orders AS o LEFT JOIN outside_messages AS m ON m.order_id = o.id
GROUP BY o.id HAVING o.round <> count(DISTINCT m.round) FILTER (WHERE m.way = 'in') OR o.round <> max(m.round)
"""
ORDER_STATES = """
SELECT o.channel || ':' || o.number, o.state || ' / ' || coalesce(told.what, 'received')
FROM outside_orders AS o LEFT JOIN LATERAL (
    SELECT m.what FROM outside_messages AS m WHERE m.order_id = o.id AND m.way = 'out' AND m.round = o.round
    ORDER BY m.id DESC LIMIT 1) AS told ON true
WHERE o.state <> coalesce(told.what, 'received')
"""
ORDER_UNTOLD = """
SELECT m.id::text, m.occasion FROM outside_messages AS m
WHERE m.way = 'out' AND NOT EXISTS (SELECT FROM notices AS n WHERE n.occasion = m.occasion)
"""

# -- enterprises ------------------------------------------------------------------------------------------------------

CREDIT_CODES = "SELECT code FROM enterprises ORDER BY code"
# A point on a border lies in both grids; a nanodegree is 0.1 mm.
ENTERPRISE_PLACES = """
SELECT n.code, concat_ws(' ', coalesce(n.grid_code, '-'), coalesce(n.village_code, '-'), coalesce(n.township_code, '-'))
FROM enterprises AS n JOIN editions AS ed ON ed.id = n.edition_id
LEFT JOIN base_grids AS g ON g.code = n.grid_code AND g.valid @> lower(ed.valid)
LEFT JOIN units AS u ON u.code = n.village_code AND u.level = 'village' AND u.valid @> lower(ed.valid)
WHERE CASE WHEN n.grid_code IS NULL THEN
    n.village_code IS NOT NULL OR n.township_code IS NOT NULL OR EXISTS (
        SELECT FROM base_grids AS b WHERE b.valid @> lower(ed.valid) AND ST_Contains(b.geom, n.point))
ELSE g.code IS NULL OR NOT ST_DWithin(g.geom, n.point, 1e-8)
    OR n.village_code IS DISTINCT FROM nullif(g.village_code, '') OR n.township_code IS DISTINCT FROM u.parent_code END
UNION ALL SELECT code, grid_code FROM enterprises WHERE edition_id IS NULL AND grid_code IS NOT NULL
"""
# Who visited an enterprise sees it: nobody else may, and nobody may be forgotten.
ENTERPRISE_BODIES = """
SELECT n.code, array_to_string(n.bodies, ' ') || ' / ' || array_to_string(coalesce(v.bodies, '{}'), ' ')
FROM enterprises AS n LEFT JOIN (SELECT enterprise_id, array_agg(DISTINCT body) AS bodies FROM enterprise_visits GROUP BY 1) AS v
    ON v.enterprise_id = n.id
WHERE NOT (n.bodies @> coalesce(v.bodies, '{}') AND n.bodies <@ coalesce(v.bodies, '{}'))
"""
VISITS_TO_COME = """
SELECT n.code, v.id || ': ' || v.on_date FROM enterprise_visits AS v JOIN enterprises AS n ON n.id = v.enterprise_id
WHERE v.on_date > (v.made_at AT TIME ZONE :timezone)::date
"""
ENTERPRISE_EVENTS = """
SELECT x.event_id::text, concat_ws(' ', x.kind, e.kind, v.enterprise_id) FROM enterprise_events AS x
JOIN events AS e ON e.id = x.event_id LEFT JOIN enterprise_visits AS v ON v.id = x.visit_id
WHERE v.enterprise_id <> x.enterprise_id OR (x.kind = 'dispute' AND e.kind <> 'dispute')
"""

# -- milestones, orders, shifts ---------------------------------------------------------------------------------------

MILESTONES = """
SELECT s.id::text, s.event_id::text FROM milestones AS s LEFT JOIN matters AS m ON m.event_id = s.event_id
WHERE m.key_listed IS NOT TRUE OR s.done_at < s.made_at
"""
ORDERS = """
SELECT o.id::text, o.to_party FROM orders AS o
WHERE NOT EXISTS (SELECT FROM order_receipts AS r WHERE r.order_id = o.id)
    OR NOT EXISTS (SELECT FROM notices AS n WHERE n.occasion = 'desk_order:' || o.id)
UNION ALL SELECT o.id::text, 'person:' || r.person_id FROM orders AS o JOIN order_receipts AS r ON r.order_id = o.id
WHERE r.given_by <> o.given_by OR r.read_at < o.given_at
"""
SHIFTS = """
SELECT s.id::text, coalesce(s.handed_to, '-') || ' / ' || a.by
FROM shift_accepted AS a JOIN shift_log AS s ON s.id = a.handover_id
WHERE a.by IS DISTINCT FROM s.handed_to OR a.at < s.at
"""

# -- windows and codes ------------------------------------------------------------------------------------------------

WINDOW_NUMBERS = """
SELECT day || ' ' || drawn_at, count(*) || ' / ' || max(number) FROM window_tickets
GROUP BY day, drawn_at HAVING min(number) <> 1 OR max(number) <> count(*)
"""
WINDOW_TIMES = """
SELECT id::text, state FROM window_tickets
WHERE (called_at IS NULL) <> (state = 'waiting') OR (state <> 'waiting' AND calls = 0) OR called_at < taken_at
    OR ended_at < called_at OR (moves = 0 AND waits_at <> drawn_at) OR day <> (taken_at AT TIME ZONE :timezone)::date
"""
FOLLOW_CODES = """
SELECT event_id::text, 'used ' || used_at FROM follow_codes WHERE used_at < made_at
UNION ALL SELECT s.event_id::text, s.seq || ': ' || s.actor FROM steps AS s
WHERE s.actor LIKE 'citizen:%' AND (s.actor <> 'citizen:' || s.event_id
    OR NOT EXISTS (SELECT FROM follow_codes AS f WHERE f.event_id = s.event_id))
"""

# -- the ledger of assessments ----------------------------------------------------------------------------------------

APPEALS = """
SELECT a.id::text, a.state || ' ' || count(l.id) FROM assessment_appeals AS a JOIN assessment_lines AS t ON t.id = a.line_id
LEFT JOIN assessment_lines AS l ON l.appeal_id = a.id
GROUP BY a.id, a.state HAVING count(l.id) <> (a.state = 'granted')::integer
    OR bool_or((l.month, l.subject_kind, l.subject, l.rule) <> (t.month, t.subject_kind, t.subject, t.rule))
    OR bool_or((l.event_id, l.seq) <> (t.event_id, t.seq))
UNION ALL SELECT l.appeal_id::text, 'line ' || l.id FROM assessment_lines AS l
WHERE l.appeal_id IS NOT NULL AND NOT EXISTS (SELECT FROM assessment_appeals AS a WHERE a.id = l.appeal_id)
"""
# What an appeal took away stays away; what was corrected was earned once.
LEDGER_SUMS = """
SELECT concat_ws(' ', month, subject_kind, subject, rule, event_id, seq), sum(points)::text FROM assessment_lines
GROUP BY month, subject_kind, subject, rule, event_id, seq
HAVING count(*) FILTER (WHERE kind = 'earned') <> 1 OR (bool_or(kind = 'appeal') AND abs(sum(points)) > 1e-6)
"""
LEDGER_MONTHS = """
SELECT l.id::text, l.month || ' / ' || coalesce(to_char(s.at AT TIME ZONE :timezone, 'YYYY-MM'), '-')
FROM assessment_lines AS l LEFT JOIN steps AS s ON (s.event_id, s.seq) = (l.event_id, l.seq)
WHERE to_char(s.at AT TIME ZONE :timezone, 'YYYY-MM') IS DISTINCT FROM l.month
"""

# -- what figures count -----------------------------------------------------------------------------------------------

FIGURES_TIMES = "SELECT id::text, closed_at || ' / ' || reported_at FROM events WHERE closed_at < reported_at"
FIGURES_POSTS = """
SELECT event_id::text, seq || ': ' || (details -> 'post' ->> 'role') FROM steps
WHERE kind IN ('handle', 'settle') AND details -> 'post' ->> 'role' <> ALL (CAST(:roles AS text[]))
"""
FIGURES_MONEY = """
SELECT p.id::text, p.event_id::text FROM performances AS p
WHERE NOT EXISTS (SELECT FROM disputes AS d WHERE d.event_id = p.event_id) OR p.at > (p.written_at AT TIME ZONE :timezone)::date
"""
