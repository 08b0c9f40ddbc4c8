CREATE INDEX ix_events_township_code_reported_at_id ON events (township_code, reported_at, id);

CREATE INDEX ix_events_village_code_reported_at_id ON events (village_code, reported_at, id);

CREATE INDEX ix_events_open_point ON events USING gist (point) WHERE is_open;

DELETE FROM event_cell_deltas;

DELETE FROM event_cells;

ALTER TABLE event_cell_deltas ADD COLUMN village_code TEXT NOT NULL;

ALTER TABLE event_cells ADD COLUMN village_code TEXT NOT NULL;

ALTER TABLE event_cells DROP CONSTRAINT pk_event_cells;

ALTER TABLE event_cells ADD CONSTRAINT pk_event_cells PRIMARY KEY (zoom, cell_x, cell_y, township_code, village_code, is_open);

INSERT INTO event_cells (zoom, cell_x, cell_y, township_code, village_code, is_open, events, sum_lon_e7, sum_lat_e7)
SELECT zoom, cell_x >> (24 - zoom), cell_y >> (24 - zoom), coalesce(township_code, ''), coalesce(village_code, ''), is_open,
    count(*), sum(round(ST_X(point) * 1e7)::bigint), sum(round(ST_Y(point) * 1e7)::bigint)
FROM events CROSS JOIN generate_series(9, 20) AS zoom
WHERE point IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6;

CREATE TABLE concerns (
    event_id UUID NOT NULL,
    party TEXT NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    is_open BOOLEAN NOT NULL,
    village_code TEXT,
    township_code TEXT,
    cell_x INTEGER,
    cell_y INTEGER,
    lon_e7 INTEGER,
    lat_e7 INTEGER,
    CONSTRAINT pk_concerns PRIMARY KEY (event_id, party),
    CONSTRAINT fk_concerns_event_id FOREIGN KEY (event_id) REFERENCES matters (event_id) ON DELETE CASCADE
);

CREATE INDEX ix_concerns_party ON concerns (party, reported_at, event_id)
    INCLUDE (is_open, village_code, township_code, cell_x, cell_y, lon_e7, lat_e7);

CREATE FUNCTION geogrid_concerns_of(asked uuid[]) RETURNS SETOF concerns LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT e.id, p.party, e.reported_at, e.is_open, e.village_code, e.township_code, e.cell_x, e.cell_y,
        round(ST_X(e.point) * 1e7)::integer, round(ST_Y(e.point) * 1e7)::integer
    FROM unnest(asked) AS a(id)
    JOIN matters AS m ON m.event_id = a.id
    JOIN events AS e ON e.id = a.id
    CROSS JOIN LATERAL unnest(ARRAY[m.owner, m.lead] || m.assisting) AS p(party)
    WHERE p.party IS NOT NULL
        AND p.party IS DISTINCT FROM 'unit:' || e.village_code AND p.party IS DISTINCT FROM 'unit:' || e.township_code;
END
$$;

CREATE FUNCTION geogrid_concerns_opened() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    AS $$
BEGIN
    INSERT INTO concerns SELECT * FROM geogrid_concerns_of(ARRAY(SELECT event_id FROM opened));
    RETURN NULL;
END
$$;

CREATE FUNCTION geogrid_concerns_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    AS $$
DECLARE
    changed uuid;
BEGIN
    IF TG_TABLE_NAME = 'events' THEN
        changed := NEW.id;
    ELSE
        changed := NEW.event_id;
    END IF;
    DELETE FROM concerns WHERE event_id = changed;
    INSERT INTO concerns SELECT * FROM geogrid_concerns_of(ARRAY[changed]);
    RETURN NULL;
END
$$;

INSERT INTO concerns SELECT * FROM geogrid_concerns_of(ARRAY(SELECT event_id FROM matters));

CREATE TRIGGER concerns_opened AFTER INSERT ON matters REFERENCING NEW TABLE AS opened
    FOR EACH STATEMENT EXECUTE FUNCTION geogrid_concerns_opened();

CREATE TRIGGER concerns_given AFTER UPDATE ON matters FOR EACH ROW
    WHEN ((OLD.owner, OLD.lead, OLD.assisting) IS DISTINCT FROM (NEW.owner, NEW.lead, NEW.assisting))
    EXECUTE FUNCTION geogrid_concerns_changed();

CREATE TRIGGER concerns_moved AFTER UPDATE ON events FOR EACH ROW
    WHEN ((OLD.is_open, OLD.reported_at, OLD.village_code, OLD.township_code, OLD.cell_x, OLD.cell_y, OLD.point::bytea)
        IS DISTINCT FROM
        (NEW.is_open, NEW.reported_at, NEW.village_code, NEW.township_code, NEW.cell_x, NEW.cell_y, NEW.point::bytea))
    EXECUTE FUNCTION geogrid_concerns_changed();

ALTER TABLE concerns ENABLE ROW LEVEL SECURITY;

CREATE POLICY concerns_scope ON concerns FOR SELECT TO geogrid_app
    USING ((SELECT geogrid_whole()) OR party = ANY ((SELECT geogrid_parties())::text[]));

ALTER POLICY events_scope ON events USING (
    (SELECT geogrid_whole())
    OR township_code = ANY ((SELECT geogrid_units())::text[])
    OR village_code = ANY ((SELECT geogrid_units())::text[])
    OR EXISTS (SELECT FROM concerns AS c WHERE c.event_id = events.id AND c.party = ANY ((SELECT geogrid_parties())::text[]))
);

ALTER POLICY matters_scope ON matters USING (
    (SELECT geogrid_whole())
    OR owner = ANY ((SELECT geogrid_parties())::text[])
    OR lead = ANY ((SELECT geogrid_parties())::text[])
    OR assisting && (SELECT geogrid_parties())
    OR EXISTS (SELECT FROM jsonb_array_elements(units) AS pair WHERE pair ->> 1 = ANY ((SELECT geogrid_units())::text[]))
);

ALTER POLICY steps_scope ON steps
    USING ((SELECT geogrid_whole()) OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY assignments_scope ON assignments
    USING ((SELECT geogrid_whole()) OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY photos_scope ON photos
    USING ((SELECT geogrid_whole()) OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY clocks_scope ON clocks
    USING ((SELECT geogrid_whole()) OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY event_cells_scope ON event_cells USING (
    (SELECT geogrid_whole())
    OR township_code = ANY ((SELECT geogrid_units())::text[])
    OR village_code = ANY ((SELECT geogrid_units())::text[])
);

ALTER POLICY event_cell_deltas_scope ON event_cell_deltas USING (
    (SELECT geogrid_whole())
    OR township_code = ANY ((SELECT geogrid_units())::text[])
    OR village_code = ANY ((SELECT geogrid_units())::text[])
);
