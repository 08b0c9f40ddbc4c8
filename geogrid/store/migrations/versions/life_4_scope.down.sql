DO $$
BEGIN
    ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;

DROP POLICY event_cell_deltas_written ON event_cell_deltas;

DROP POLICY event_cell_deltas_scope ON event_cell_deltas;

ALTER TABLE event_cell_deltas DISABLE ROW LEVEL SECURITY;

DROP POLICY event_cells_scope ON event_cells;

ALTER TABLE event_cells DISABLE ROW LEVEL SECURITY;

DROP POLICY clocks_scope ON clocks;

ALTER TABLE clocks DISABLE ROW LEVEL SECURITY;

DROP POLICY photos_scope ON photos;

ALTER TABLE photos DISABLE ROW LEVEL SECURITY;

DROP POLICY assignments_scope ON assignments;

ALTER TABLE assignments DISABLE ROW LEVEL SECURITY;

DROP POLICY steps_scope ON steps;

ALTER TABLE steps DISABLE ROW LEVEL SECURITY;

DROP POLICY events_scope ON events;

ALTER TABLE events DISABLE ROW LEVEL SECURITY;

DROP POLICY matters_scope ON matters;

ALTER TABLE matters DISABLE ROW LEVEL SECURITY;

DROP FUNCTION geogrid_parties();

DROP FUNCTION geogrid_units();

DROP FUNCTION geogrid_whole();

ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM geogrid_app;

ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM geogrid_app;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM geogrid_app;

REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM geogrid_app;
