ALTER TABLE concerns ADD COLUMN closed_at TIMESTAMP WITH TIME ZONE;

DROP TRIGGER concerns_moved ON events;

CREATE OR REPLACE FUNCTION geogrid_concerns_of(asked uuid[]) RETURNS SETOF concerns LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT e.id, p.party, e.reported_at, e.is_open, e.village_code, e.township_code, e.cell_x, e.cell_y,
        round(ST_X(e.point) * 1e7)::integer, round(ST_Y(e.point) * 1e7)::integer, e.closed_at
    FROM unnest(asked) AS a(id)
    JOIN matters AS m ON m.event_id = a.id
    JOIN events AS e ON e.id = a.id
    CROSS JOIN LATERAL unnest(ARRAY[m.owner, m.lead] || m.assisting) AS p(party)
    WHERE p.party IS NOT NULL
        AND p.party IS DISTINCT FROM 'unit:' || e.village_code AND p.party IS DISTINCT FROM 'unit:' || e.township_code;
END
$$;

CREATE TRIGGER concerns_moved AFTER UPDATE ON events FOR EACH ROW
    WHEN ((OLD.is_open, OLD.reported_at, OLD.closed_at, OLD.village_code, OLD.township_code, OLD.cell_x, OLD.cell_y, OLD.point::bytea)
        IS DISTINCT FROM
        (NEW.is_open, NEW.reported_at, NEW.closed_at, NEW.village_code, NEW.township_code, NEW.cell_x, NEW.cell_y, NEW.point::bytea))
    EXECUTE FUNCTION geogrid_concerns_changed();

UPDATE concerns AS c SET closed_at = e.closed_at FROM events AS e WHERE e.id = c.event_id AND e.closed_at IS NOT NULL;

CREATE INDEX ix_concerns_party_open ON concerns (party, event_id) WHERE is_open;

CREATE INDEX ix_concerns_party_closed_at ON concerns (party, closed_at, event_id) WHERE NOT is_open;

DROP INDEX ix_desk_spans_queue;

CREATE INDEX ix_desk_spans_queue ON desk_spans (urgency, due_at, event_id)
    INCLUDE (during, township_code, village_code, kind, channel, category, danger, is_open) WHERE is_open;

ALTER POLICY desk_spans_scope ON desk_spans USING (
    (SELECT geogrid_whole())
    OR township_code = ANY ((SELECT geogrid_units())::text[])
    OR village_code = ANY ((SELECT geogrid_units())::text[])
    OR is_open AND event_id IN (
        SELECT c.event_id FROM concerns AS c WHERE c.is_open AND c.party = ANY ((SELECT geogrid_parties())::text[]))
    OR NOT is_open AND EXISTS (
        SELECT FROM concerns AS c WHERE c.event_id = desk_spans.event_id AND c.party = ANY ((SELECT geogrid_parties())::text[]))
);
