-- Time stamps (RFC 3161) on checkpoints: the exact text that was stamped, and the authority's answer as it came.
CREATE TABLE timestamps (
    size BIGINT NOT NULL,
    tsa TEXT COLLATE "C" NOT NULL,
    stamped_note TEXT COLLATE "C" NOT NULL,
    token BYTEA NOT NULL,
    stamped_at BIGINT NOT NULL,
    PRIMARY KEY (size, tsa)
);

-- Lines by which witnesses sign a checkpoint after the log itself (c2sp.org/tlog-cosignature).
CREATE TABLE cosignatures (
    size BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (size, name, key_id)
);

CREATE TRIGGER timestamps_are_never_changed BEFORE UPDATE OR DELETE ON timestamps
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER cosignatures_are_never_changed BEFORE UPDATE OR DELETE ON cosignatures
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER timestamps_are_never_truncated BEFORE TRUNCATE ON timestamps EXECUTE FUNCTION refuse();
CREATE TRIGGER cosignatures_are_never_truncated BEFORE TRUNCATE ON cosignatures EXECUTE FUNCTION refuse();
