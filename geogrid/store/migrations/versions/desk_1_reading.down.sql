ALTER POLICY event_cell_deltas_scope ON event_cell_deltas USING (geogrid_whole() OR township_code = ANY (geogrid_units()));

ALTER POLICY event_cells_scope ON event_cells USING (geogrid_whole() OR township_code = ANY (geogrid_units()));

ALTER POLICY clocks_scope ON clocks USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY photos_scope ON photos USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY assignments_scope ON assignments USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY steps_scope ON steps USING (geogrid_whole() OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY matters_scope ON matters USING (
    geogrid_whole()
    OR owner = ANY (geogrid_parties())
    OR lead = ANY (geogrid_parties())
    OR assisting && geogrid_parties()
    OR EXISTS (SELECT FROM jsonb_array_elements(units) AS pair WHERE pair ->> 1 = ANY (geogrid_units()))
);

ALTER POLICY events_scope ON events USING (
    geogrid_whole()
    OR township_code = ANY (geogrid_units())
    OR village_code = ANY (geogrid_units())
    OR EXISTS (
        SELECT FROM matters AS m WHERE m.event_id = events.id
        AND (m.owner = ANY (geogrid_parties()) OR m.lead = ANY (geogrid_parties()) OR m.assisting && geogrid_parties())
    )
);

DROP TRIGGER concerns_moved ON events;

DROP TRIGGER concerns_given ON matters;

DROP TRIGGER concerns_opened ON matters;

DROP FUNCTION geogrid_concerns_changed();

DROP FUNCTION geogrid_concerns_opened();

DROP FUNCTION geogrid_concerns_of(uuid[]);

DROP TABLE concerns;

DELETE FROM event_cell_deltas;

DELETE FROM event_cells;

ALTER TABLE event_cells DROP CONSTRAINT pk_event_cells;

ALTER TABLE event_cells DROP COLUMN village_code;

ALTER TABLE event_cells ADD CONSTRAINT pk_event_cells PRIMARY KEY (zoom, cell_x, cell_y, township_code, is_open);

ALTER TABLE event_cell_deltas DROP COLUMN village_code;

INSERT INTO event_cells (zoom, cell_x, cell_y, township_code, is_open, events, sum_lon_e7, sum_lat_e7)
SELECT zoom, cell_x >> (24 - zoom), cell_y >> (24 - zoom), coalesce(township_code, ''), is_open,
    count(*), sum(round(ST_X(point) * 1e7)::bigint), sum(round(ST_Y(point) * 1e7)::bigint)
FROM events CROSS JOIN generate_series(9, 17) AS zoom
WHERE point IS NOT NULL
GROUP BY 1, 2, 3, 4, 5;

DROP INDEX ix_events_open_point;

DROP INDEX ix_events_village_code_reported_at_id;

DROP INDEX ix_events_township_code_reported_at_id;
