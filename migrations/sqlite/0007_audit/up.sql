-- The end of the audit trail: how many entries it has, and the hash of the last.
ALTER TABLE log_head ADD COLUMN audit_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN audit_head TEXT NOT NULL
    DEFAULT '0000000000000000000000000000000000000000000000000000000000000000';

-- What every authenticated request did or tried to do. An entry's hash chains all before it.
CREATE TABLE audit_events (
    number INTEGER NOT NULL PRIMARY KEY,
    occurred_at INTEGER NOT NULL,
    organisation_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    token TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    result TEXT NOT NULL,
    leaf INTEGER,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_by_organisation ON audit_events (organisation_id, number);

-- The days of the trail that are closed: each is a leaf of the log.
CREATE TABLE audit_heads (
    day TEXT NOT NULL PRIMARY KEY,
    entries INTEGER NOT NULL,
    head TEXT NOT NULL,
    leaf INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END;
CREATE TRIGGER audit_events_are_never_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END;
CREATE TRIGGER audit_heads_are_never_changed BEFORE UPDATE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END;
CREATE TRIGGER audit_heads_are_never_deleted BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END;
CREATE TRIGGER audit_only_grows BEFORE UPDATE ON log_head
WHEN NEW.audit_size < OLD.audit_size OR (NEW.audit_size = OLD.audit_size AND NEW.audit_head <> OLD.audit_head)
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
