CREATE TABLE webhooks (
    id UUID NOT NULL, 
    name TEXT NOT NULL CONSTRAINT ck_webhooks_name_there CHECK (name <> ''), 
    url TEXT NOT NULL CONSTRAINT ck_webhooks_url_of_the_web CHECK (url ~ '^https?://'), 
    steps TEXT[] DEFAULT '{}' NOT NULL, 
    phases TEXT[] DEFAULT '{}' NOT NULL, 
    unit TEXT DEFAULT '' NOT NULL, 
    department TEXT DEFAULT '' NOT NULL, 
    enabled BOOLEAN DEFAULT true NOT NULL, 
    salt BYTEA NOT NULL CONSTRAINT ck_webhooks_salt_long CHECK (length(salt) >= 16), 
    created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    created_by TEXT NOT NULL, 
    CONSTRAINT pk_webhooks PRIMARY KEY (id), 
    CONSTRAINT uq_webhooks_name UNIQUE (name)
);

REVOKE INSERT, UPDATE, DELETE ON webhooks FROM geogrid_app;
