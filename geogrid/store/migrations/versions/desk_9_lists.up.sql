CREATE INDEX ix_audit_action_id ON audit (action, id)
