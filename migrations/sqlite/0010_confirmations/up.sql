-- A vendor says of a statement that it still holds: the document as it was signed, and the newest day beside the
-- statement.
CREATE TABLE confirmations (
    statement_sha256 TEXT NOT NULL REFERENCES statements (sha256),
    confirmed_on TEXT NOT NULL,
    jws TEXT NOT NULL,
    leaf INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (statement_sha256, confirmed_on)
) STRICT;
ALTER TABLE statements ADD COLUMN confirmed_on TEXT;

CREATE TRIGGER confirmations_are_never_changed BEFORE UPDATE ON confirmations
BEGIN SELECT RAISE(ABORT, 'confirmations are only appended'); END;
CREATE TRIGGER confirmations_are_never_deleted BEFORE DELETE ON confirmations
BEGIN SELECT RAISE(ABORT, 'confirmations are only appended'); END;
