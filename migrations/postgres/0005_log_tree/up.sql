-- The right edge of the Merkle tree over the leaves: the roots of its full subtrees, 32 bytes each.
ALTER TABLE log_head ADD COLUMN frontier BYTEA NOT NULL DEFAULT '';

-- Tiles as C2SP names them: the hashes of every eighth level, 32 bytes each, at most 256.
CREATE TABLE log_tiles (
    level BIGINT NOT NULL,
    tile_index BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (level, tile_index)
);

-- Every checkpoint that was signed: one a commit that appended leaves.
CREATE TABLE checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT COLLATE "C" NOT NULL,
    signed_at BIGINT NOT NULL
);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only appended to', TG_TABLE_NAME; END $$;

CREATE TRIGGER leaves_are_never_changed BEFORE UPDATE OR DELETE ON leaves
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE OR DELETE ON checkpoints
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER log_tiles_only_grow BEFORE UPDATE ON log_tiles
FOR EACH ROW WHEN (substring(NEW.hashes FROM 1 FOR length(OLD.hashes)) IS DISTINCT FROM OLD.hashes)
EXECUTE FUNCTION refuse();
CREATE TRIGGER log_tiles_are_never_deleted BEFORE DELETE ON log_tiles
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER log_only_grows BEFORE UPDATE ON log_head
FOR EACH ROW WHEN (NEW.size < OLD.size OR NEW.last_received_at < OLD.last_received_at OR NEW.last_event < OLD.last_event)
EXECUTE FUNCTION refuse();
CREATE TRIGGER statements_keep_what_was_signed BEFORE UPDATE OF sha256, jws, receipt_leaf, received_at ON statements
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER statements_are_never_deleted BEFORE DELETE ON statements
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER leaves_are_never_truncated BEFORE TRUNCATE ON leaves EXECUTE FUNCTION refuse();
CREATE TRIGGER checkpoints_are_never_truncated BEFORE TRUNCATE ON checkpoints EXECUTE FUNCTION refuse();
CREATE TRIGGER log_tiles_are_never_truncated BEFORE TRUNCATE ON log_tiles EXECUTE FUNCTION refuse();
