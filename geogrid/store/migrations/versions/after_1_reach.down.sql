REVOKE SELECT (id) ON audit FROM geogrid_app;

GRANT SELECT, INSERT ON audit TO geogrid_app;

REVOKE SELECT (
    id, login, name, email, phone, synthetic, integration, must_change, password_set_at, factor_confirmed_at, created_at, disabled_at
) ON people FROM geogrid_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON people TO geogrid_app;

GRANT SELECT ON audit_seals, webhooks TO geogrid_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, api_keys, login_failures TO geogrid_app;

ALTER POLICY enterprise_events_scope ON enterprise_events
    USING (geogrid_whole() OR EXISTS (SELECT FROM enterprises AS e WHERE e.id = enterprise_id));

DROP POLICY notices_scope ON notices;

ALTER TABLE notices DISABLE ROW LEVEL SECURITY;

DROP POLICY saved_views_scope ON saved_views;

ALTER TABLE saved_views DISABLE ROW LEVEL SECURITY;

DROP FUNCTION geogrid_reader();
