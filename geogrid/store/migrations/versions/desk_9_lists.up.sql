CREATE INDEX ix_audit_action_id ON audit (action, id);

ALTER TABLE teams ADD COLUMN closed_at TIMESTAMP WITH TIME ZONE
