DROP TRIGGER audit_only_grows;
DROP TABLE audit_heads;
DROP TABLE audit_events;
ALTER TABLE log_head DROP COLUMN audit_head;
ALTER TABLE log_head DROP COLUMN audit_size;
