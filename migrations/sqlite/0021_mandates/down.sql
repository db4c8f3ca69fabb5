DROP INDEX audit_events_by_agent;
ALTER TABLE audit_events DROP COLUMN agent_id;
DROP TABLE mandates;
