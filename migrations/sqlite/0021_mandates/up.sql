-- By which an institution lets another act for it: within these scopes, up to that day.
CREATE TABLE mandates (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    agent_id TEXT NOT NULL REFERENCES organisations (id),
    scopes TEXT NOT NULL,
    -- The last day in Japan.
    until TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    -- The program or the person.
    granted_by TEXT NOT NULL,
    grant_leaf INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by TEXT,
    end_leaf INTEGER
) STRICT;
CREATE INDEX mandates_by_institution ON mandates (institution_id, agent_id);
CREATE INDEX mandates_by_agent ON mandates (agent_id, institution_id);

-- Whose program or person it was, where one organisation acted for another: both read the entry.
ALTER TABLE audit_events ADD COLUMN agent_id TEXT;
CREATE INDEX audit_events_by_agent ON audit_events (agent_id, number) WHERE agent_id IS NOT NULL;
