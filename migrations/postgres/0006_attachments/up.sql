-- Files that statements name, each vendor's own: two vendors with the same file keep it twice, so that neither learns of
-- the other. One that no statement names has a time after which it is swept.
CREATE TABLE attachments (
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    sha256 TEXT COLLATE "C" NOT NULL,
    upload TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (vendor_id, sha256)
);
CREATE INDEX attachments_unnamed ON attachments (expires_at) WHERE expires_at IS NOT NULL;

-- Uploads under way, and chunks that nothing refers to any more; a job takes them away in bounded pieces.
CREATE TABLE attachment_uploads (
    upload TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX attachment_uploads_by_expiry ON attachment_uploads (expires_at);

CREATE TABLE attachment_chunks (
    upload TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (upload, number)
);
-- Files come compressed already.
ALTER TABLE attachment_chunks ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE statement_attachments (
    statement_sha256 TEXT COLLATE "C" NOT NULL REFERENCES statements (sha256),
    position BIGINT NOT NULL,
    vendor_id TEXT COLLATE "C" NOT NULL,
    attachment_sha256 TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (statement_sha256, position),
    FOREIGN KEY (vendor_id, attachment_sha256) REFERENCES attachments (vendor_id, sha256)
);
CREATE INDEX statement_attachments_by_attachment ON statement_attachments (attachment_sha256, vendor_id);
