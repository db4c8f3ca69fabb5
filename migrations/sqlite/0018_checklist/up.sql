-- What an institution says of itself (checklist, kinds of information, contract points), each thing with its whole history:
-- a change is a new row, and nothing is changed in place or deleted. A row without a document says that the thing is gone.
CREATE TABLE records (
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    -- Which one of its kind: an item of a checklist, a system, an id.
    subject TEXT NOT NULL,
    revision INTEGER NOT NULL,
    document TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (institution_id, kind, subject, revision)
) STRICT;
