-- The requirement sets that were compared with: how far the statements that were there before a set have come, since when
-- it is the current one, and how far that was told. A set is what its files say: it goes by their digest.
CREATE TABLE requirement_sets (
    sha256 TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    compared_up_to TEXT NOT NULL,
    compared_at INTEGER,
    current_since INTEGER,
    told_up_to TEXT
) STRICT, WITHOUT ROWID;
