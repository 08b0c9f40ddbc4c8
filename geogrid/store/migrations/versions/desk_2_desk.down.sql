ALTER TABLE steps DROP CONSTRAINT ck_steps_kind_known;

UPDATE steps SET kind = CASE kind WHEN 'follow' THEN 'close' ELSE 'note' END, step = CASE kind WHEN 'follow' THEN step ELSE 'note' END
WHERE kind IN ('merge', 'unmerge', 'follow');

ALTER TABLE steps ADD CONSTRAINT ck_steps_kind_known CHECK (kind IN ('report', 'assign', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive', 'triage', 'take_on', 'return', 'transfer', 'assist', 'escalate', 'send_down', 'blow', 'answer', 'supervise', 'urge', 'pause', 'resume', 'extend', 'park', 'unpark', 'key_list', 'consult', 'mediate', 'settle', 'confirm', 'withdraw', 'reply', 'rate', 'revisit', 'note', 'ask', 'approve', 'refuse', 'time_out'));

ALTER TABLE matters DROP COLUMN parent_id;

DROP POLICY orders_scope ON orders;

DROP POLICY shift_accepted_scope ON shift_accepted;

DROP TABLE shift_accepted;

DROP TABLE shift_log;

DROP TABLE order_receipts;

DROP TABLE orders;

DROP TABLE milestones;

DROP TABLE saved_views;

DROP TRIGGER span_moved ON events;

DROP TABLE desk_spans;

DROP FUNCTION geogrid_span_moved();

DROP FUNCTION geogrid_span_begun();

DROP INDEX ix_events_without_point;

DROP INDEX ix_events_village_closed_at;

DROP INDEX ix_events_township_closed_at;

DROP INDEX ix_events_closed_at;

DROP INDEX ix_events_grams;

DO $$
BEGIN
    ALTER FUNCTION arraycontains(anyarray, anyarray) NOT LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;

DROP FUNCTION geogrid_grams(text, text, boolean);

DROP FUNCTION geogrid_grams(text);

DROP FUNCTION geogrid_folded(text);
