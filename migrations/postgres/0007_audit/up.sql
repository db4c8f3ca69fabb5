-- The end of the audit trail: how many entries it has, and the hash of the last.
ALTER TABLE log_head ADD COLUMN audit_size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN audit_head TEXT COLLATE "C" NOT NULL
    DEFAULT '0000000000000000000000000000000000000000000000000000000000000000';

-- What every authenticated request did or tried to do. An entry's hash chains all before it.
CREATE TABLE audit_events (
    number BIGINT NOT NULL PRIMARY KEY,
    occurred_at BIGINT NOT NULL,
    organisation_id TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    leaf BIGINT,
    hash TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_events_by_organisation ON audit_events (organisation_id, number);

-- The days of the trail that are closed: each is a leaf of the log.
CREATE TABLE audit_heads (
    day TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    entries BIGINT NOT NULL,
    head TEXT COLLATE "C" NOT NULL,
    leaf BIGINT NOT NULL
);

CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE OR DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_heads_are_never_changed BEFORE UPDATE OR DELETE ON audit_heads
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_only_grows BEFORE UPDATE ON log_head
FOR EACH ROW WHEN (
    NEW.audit_size < OLD.audit_size OR (NEW.audit_size = OLD.audit_size AND NEW.audit_head <> OLD.audit_head)
)
EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_events_are_never_truncated BEFORE TRUNCATE ON audit_events EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_heads_are_never_truncated BEFORE TRUNCATE ON audit_heads EXECUTE FUNCTION refuse();
