ALTER TABLE api_keys ADD COLUMN made_by TEXT DEFAULT '' NOT NULL;

ALTER TABLE api_keys ADD COLUMN expires_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE api_keys ADD COLUMN used_at TIMESTAMP WITH TIME ZONE;

CREATE TABLE wall_tokens (
	token_hash BYTEA NOT NULL,
	name TEXT NOT NULL CONSTRAINT ck_wall_tokens_name_there CHECK (name <> ''),
	view TEXT NOT NULL CONSTRAINT ck_wall_tokens_view_known CHECK (view IN ('map')),
	unit TEXT NOT NULL CONSTRAINT ck_wall_tokens_unit_digits CHECK (unit ~ '^[0-9]{12}$'),
	network TEXT DEFAULT '' NOT NULL,
	made_by TEXT NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	revoked_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_wall_tokens PRIMARY KEY (token_hash),
	CONSTRAINT uq_wall_tokens_name UNIQUE (name)
);

CREATE UNLOGGED TABLE allowances (
	who TEXT NOT NULL,
	allowance TEXT NOT NULL CONSTRAINT ck_allowances_allowance_known CHECK (allowance IN ('ask', 'export', 'reveal')),
	taken_until TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
	CONSTRAINT pk_allowances PRIMARY KEY (who, allowance)
);

REVOKE ALL ON wall_tokens, allowances FROM geogrid_app;
