-- A vendor says of a statement that it still holds: the document as it was signed, and the newest day beside the
-- statement.
CREATE TABLE confirmations (
    statement_sha256 TEXT COLLATE "C" NOT NULL REFERENCES statements (sha256),
    confirmed_on TEXT COLLATE "C" NOT NULL,
    jws TEXT COLLATE "C" NOT NULL,
    leaf BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (statement_sha256, confirmed_on)
);
ALTER TABLE statements ADD COLUMN confirmed_on TEXT COLLATE "C";

CREATE TRIGGER confirmations_are_never_changed BEFORE UPDATE OR DELETE ON confirmations
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER confirmations_are_never_truncated BEFORE TRUNCATE ON confirmations EXECUTE FUNCTION refuse();
