DO $$
BEGIN
    CREATE ROLE geogrid_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'geogrid_app', 'MEMBER') THEN
        GRANT geogrid_app TO CURRENT_USER;
    END IF;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO geogrid_app;

GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO geogrid_app;

ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO geogrid_app;

ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO geogrid_app;

REVOKE UPDATE, DELETE ON audit FROM geogrid_app;

REVOKE INSERT, UPDATE, DELETE ON audit_seals FROM geogrid_app;

REVOKE UPDATE, DELETE ON steps FROM geogrid_app;

CREATE FUNCTION geogrid_whole() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('geogrid.reach', true), '') = 'district' $$;

CREATE FUNCTION geogrid_units() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT string_to_array(nullif(current_setting('geogrid.units', true), ''), ',') $$;

CREATE FUNCTION geogrid_parties() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT string_to_array(nullif(current_setting('geogrid.parties', true), ''), ',') $$;

ALTER TABLE matters ENABLE ROW LEVEL SECURITY;

CREATE POLICY matters_scope ON matters TO geogrid_app USING (
    geogrid_whole()
    OR owner = ANY (geogrid_parties())
    OR lead = ANY (geogrid_parties())
    OR assisting && geogrid_parties()
    OR EXISTS (SELECT FROM jsonb_array_elements(units) AS pair WHERE pair ->> 1 = ANY (geogrid_units()))
);

ALTER TABLE events ENABLE ROW LEVEL SECURITY;

CREATE POLICY events_scope ON events TO geogrid_app USING (
    geogrid_whole()
    OR township_code = ANY (geogrid_units())
    OR village_code = ANY (geogrid_units())
    OR EXISTS (
        SELECT FROM matters AS m WHERE m.event_id = events.id
        AND (m.owner = ANY (geogrid_parties()) OR m.lead = ANY (geogrid_parties()) OR m.assisting && geogrid_parties())
    )
);

ALTER TABLE steps ENABLE ROW LEVEL SECURITY;

CREATE POLICY steps_scope ON steps TO geogrid_app
    USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER TABLE assignments ENABLE ROW LEVEL SECURITY;

CREATE POLICY assignments_scope ON assignments TO geogrid_app
    USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER TABLE photos ENABLE ROW LEVEL SECURITY;

CREATE POLICY photos_scope ON photos TO geogrid_app
    USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER TABLE clocks ENABLE ROW LEVEL SECURITY;

CREATE POLICY clocks_scope ON clocks TO geogrid_app
    USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER TABLE event_cells ENABLE ROW LEVEL SECURITY;

CREATE POLICY event_cells_scope ON event_cells TO geogrid_app
    USING (geogrid_whole() OR township_code = ANY (geogrid_units()));

ALTER TABLE event_cell_deltas ENABLE ROW LEVEL SECURITY;

CREATE POLICY event_cell_deltas_scope ON event_cell_deltas FOR SELECT TO geogrid_app
    USING (geogrid_whole() OR township_code = ANY (geogrid_units()));

CREATE POLICY event_cell_deltas_written ON event_cell_deltas FOR INSERT TO geogrid_app WITH CHECK (true);

DO $$
BEGIN
    ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the bounding-box operator of PostGIS could not be marked leakproof: maps will be slower';
END
$$;
