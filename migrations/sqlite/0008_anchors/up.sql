-- Time stamps (RFC 3161) on checkpoints: the exact text that was stamped, and the authority's answer as it came.
CREATE TABLE timestamps (
    size INTEGER NOT NULL,
    tsa TEXT NOT NULL,
    stamped_note TEXT NOT NULL,
    token BLOB NOT NULL,
    stamped_at INTEGER NOT NULL,
    PRIMARY KEY (size, tsa)
) STRICT;

-- Lines by which witnesses sign a checkpoint after the log itself (c2sp.org/tlog-cosignature).
CREATE TABLE cosignatures (
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (size, name, key_id)
) STRICT;

CREATE TRIGGER timestamps_are_never_changed BEFORE UPDATE ON timestamps
BEGIN SELECT RAISE(ABORT, 'timestamps are only appended'); END;
CREATE TRIGGER timestamps_are_never_deleted BEFORE DELETE ON timestamps
BEGIN SELECT RAISE(ABORT, 'timestamps are only appended'); END;
CREATE TRIGGER cosignatures_are_never_changed BEFORE UPDATE ON cosignatures
BEGIN SELECT RAISE(ABORT, 'cosignatures are only appended'); END;
CREATE TRIGGER cosignatures_are_never_deleted BEFORE DELETE ON cosignatures
BEGIN SELECT RAISE(ABORT, 'cosignatures are only appended'); END;
