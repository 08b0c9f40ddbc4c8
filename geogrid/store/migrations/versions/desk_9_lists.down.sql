ALTER TABLE teams DROP COLUMN closed_at;

DROP INDEX ix_audit_action_id
