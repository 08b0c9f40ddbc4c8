ALTER TABLE steps DROP CONSTRAINT ck_steps_kind_known;

ALTER TABLE steps ADD CONSTRAINT ck_steps_kind_known CHECK (kind IN ('report', 'assign', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive', 'triage', 'take_on', 'return', 'transfer', 'assist', 'escalate', 'send_down', 'blow', 'answer', 'supervise', 'urge', 'pause', 'resume', 'extend', 'park', 'unpark', 'key_list', 'consult', 'mediate', 'settle', 'confirm', 'withdraw', 'reply', 'rate', 'revisit', 'note', 'ask', 'approve', 'refuse', 'time_out')) NOT VALID;

ALTER TABLE steps VALIDATE CONSTRAINT ck_steps_kind_known;

ALTER TABLE steps ADD COLUMN step TEXT DEFAULT '' NOT NULL, ADD COLUMN details JSONB DEFAULT '{}' NOT NULL, ADD COLUMN client_key TEXT;

ALTER TABLE steps ADD CONSTRAINT uq_steps_client_key UNIQUE (client_key);

CREATE TABLE programmes (
    code TEXT NOT NULL, 
    version INTEGER NOT NULL, 
    text TEXT NOT NULL, 
    sha256 TEXT NOT NULL CONSTRAINT ck_programmes_sha256_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'), 
    since TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_programmes PRIMARY KEY (code, version)
);

CREATE TABLE matters (
    event_id UUID NOT NULL, 
    programme TEXT NOT NULL, 
    programme_version INTEGER NOT NULL, 
    state TEXT NOT NULL, 
    level TEXT NOT NULL, 
    category TEXT DEFAULT '' NOT NULL, 
    handling TEXT DEFAULT '' NOT NULL, 
    complexity TEXT CONSTRAINT ck_matters_complexity_known CHECK (complexity IN ('simple', 'general', 'complex')), 
    amount_yuan DOUBLE PRECISION, 
    first_owner TEXT NOT NULL CONSTRAINT ck_matters_first_owner_named CHECK (position(':' IN first_owner) > 1), 
    owner TEXT NOT NULL CONSTRAINT ck_matters_owner_named CHECK (position(':' IN owner) > 1), 
    lead TEXT, 
    assisting TEXT[] DEFAULT '{}' NOT NULL, 
    units JSONB DEFAULT '[]' NOT NULL, 
    bounces INTEGER DEFAULT '0' NOT NULL, 
    urged INTEGER DEFAULT '0' NOT NULL, 
    supervised BOOLEAN DEFAULT false NOT NULL, 
    key_listed BOOLEAN DEFAULT false NOT NULL, 
    parked_until TIMESTAMP WITH TIME ZONE, 
    rating INTEGER CONSTRAINT ck_matters_rating_in_range CHECK (rating BETWEEN 1 AND 5), 
    outcome TEXT DEFAULT '' NOT NULL, 
    whistles JSONB DEFAULT '[]' NOT NULL, 
    proposals JSONB DEFAULT '[]' NOT NULL, 
    CONSTRAINT pk_matters PRIMARY KEY (event_id), 
    CONSTRAINT fk_matters_event_id FOREIGN KEY(event_id) REFERENCES events (id)
);

CREATE INDEX ix_matters_owner_state ON matters (owner, state);

CREATE INDEX ix_matters_parked_until ON matters (parked_until) WHERE parked_until IS NOT NULL;

CREATE INDEX ix_matters_proposals ON matters (event_id) WHERE proposals <> '[]'::jsonb;

CREATE TABLE clocks (
    event_id UUID NOT NULL, 
    run INTEGER NOT NULL, 
    clock TEXT NOT NULL, 
    promised TEXT NOT NULL, 
    legal TEXT, 
    marks JSONB NOT NULL, 
    started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    legal_due_at TIMESTAMP WITH TIME ZONE, 
    paused_at TIMESTAMP WITH TIME ZONE, 
    stopped_at TIMESTAMP WITH TIME ZONE, 
    is_late BOOLEAN DEFAULT false NOT NULL, 
    provisional BOOLEAN DEFAULT false NOT NULL, 
    told_until TIMESTAMP WITH TIME ZONE, 
    next_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_clocks PRIMARY KEY (event_id, run), 
    CONSTRAINT fk_clocks_event_id FOREIGN KEY(event_id) REFERENCES events (id)
);

CREATE INDEX ix_clocks_due_at ON clocks (due_at) WHERE stopped_at IS NULL;

CREATE INDEX ix_clocks_provisional ON clocks (event_id) WHERE provisional;

CREATE INDEX ix_clocks_next_at ON clocks (next_at) WHERE next_at IS NOT NULL;
