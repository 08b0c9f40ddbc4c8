DROP TABLE allowances;

DROP TABLE wall_tokens;

ALTER TABLE api_keys DROP COLUMN used_at;

ALTER TABLE api_keys DROP COLUMN expires_at;

ALTER TABLE api_keys DROP COLUMN made_by;
