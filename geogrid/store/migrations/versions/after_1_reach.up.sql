CREATE FUNCTION geogrid_reader() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('geogrid.reader', true), '') $$;

ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;

CREATE POLICY saved_views_scope ON saved_views TO geogrid_app USING (
    person = (SELECT geogrid_reader()) OR shared AND (SELECT geogrid_reader()) IS NOT NULL
);

ALTER TABLE notices ENABLE ROW LEVEL SECURITY;

CREATE POLICY notices_scope ON notices TO geogrid_app
    USING ((SELECT geogrid_whole()) OR EXISTS (SELECT FROM events AS e WHERE e.id = event_id));

ALTER POLICY enterprise_events_scope ON enterprise_events USING (
    (SELECT geogrid_whole())
    OR EXISTS (SELECT FROM enterprises AS n WHERE n.id = enterprise_id) AND EXISTS (SELECT FROM events AS e WHERE e.id = event_id)
);

REVOKE ALL ON sessions, api_keys, login_failures, webhooks, audit_seals FROM geogrid_app;

REVOKE ALL ON people FROM geogrid_app;

GRANT SELECT (
    id, login, name, email, phone, synthetic, integration, must_change, password_set_at, factor_confirmed_at, created_at, disabled_at
) ON people TO geogrid_app;

REVOKE ALL ON audit FROM geogrid_app;

GRANT INSERT, SELECT (id) ON audit TO geogrid_app;
