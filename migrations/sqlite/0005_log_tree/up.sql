-- The right edge of the Merkle tree over the leaves: the roots of its full subtrees, 32 bytes each.
ALTER TABLE log_head ADD COLUMN frontier BLOB NOT NULL DEFAULT x'';

-- Tiles as C2SP names them: the hashes of every eighth level, 32 bytes each, at most 256.
CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    tile_index INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, tile_index)
) STRICT;

-- Every checkpoint that was signed: one a commit that appended leaves.
CREATE TABLE checkpoints (
    size INTEGER NOT NULL PRIMARY KEY,
    note TEXT NOT NULL,
    signed_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER leaves_are_never_changed BEFORE UPDATE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves are only appended'); END;
CREATE TRIGGER leaves_are_never_deleted BEFORE DELETE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves are only appended'); END;
CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are only appended'); END;
CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are only appended'); END;
CREATE TRIGGER log_tiles_only_grow BEFORE UPDATE ON log_tiles
WHEN substr(NEW.hashes, 1, length(OLD.hashes)) IS NOT OLD.hashes
BEGIN SELECT RAISE(ABORT, 'a tile only grows'); END;
CREATE TRIGGER log_tiles_are_never_deleted BEFORE DELETE ON log_tiles
BEGIN SELECT RAISE(ABORT, 'a tile only grows'); END;
CREATE TRIGGER log_only_grows BEFORE UPDATE ON log_head
WHEN NEW.size < OLD.size OR NEW.last_received_at < OLD.last_received_at OR NEW.last_event < OLD.last_event
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER statements_keep_what_was_signed BEFORE UPDATE OF sha256, jws, receipt_leaf, received_at ON statements
BEGIN SELECT RAISE(ABORT, 'a statement never changes'); END;
CREATE TRIGGER statements_are_never_deleted BEFORE DELETE ON statements
BEGIN SELECT RAISE(ABORT, 'a statement is never deleted'); END;
