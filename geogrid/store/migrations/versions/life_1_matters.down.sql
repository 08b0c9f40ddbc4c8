DROP TABLE clocks;

DROP TABLE matters;

DROP TABLE programmes;

ALTER TABLE steps DROP COLUMN client_key, DROP COLUMN details, DROP COLUMN step;

DELETE FROM steps WHERE kind NOT IN ('report', 'assign', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive');

ALTER TABLE steps DROP CONSTRAINT ck_steps_kind_known;

ALTER TABLE steps ADD CONSTRAINT ck_steps_kind_known CHECK (kind IN ('report', 'assign', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive'));
