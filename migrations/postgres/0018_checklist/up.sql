-- What an institution says of itself (checklist, kinds of information, contract points), each thing with its whole history:
-- a change is a new row, and nothing is changed in place or deleted. A row without a document says that the thing is gone.
CREATE TABLE records (
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    kind TEXT COLLATE "C" NOT NULL,
    -- Which one of its kind: an item of a checklist, a system, an id.
    subject TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    document TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (institution_id, kind, subject, revision)
);
