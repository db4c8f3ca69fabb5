-- Uploads and chunks serve the files of vendors and those of institutions.
ALTER TABLE attachment_uploads RENAME TO file_uploads;
ALTER TABLE file_uploads RENAME COLUMN vendor_id TO organisation_id;
DROP INDEX attachment_uploads_by_expiry;
CREATE INDEX file_uploads_by_expiry ON file_uploads (expires_at);
ALTER TABLE attachment_chunks RENAME TO file_chunks;

-- Files that an institution's own records name (reviews, checklist, contract points). One that none has named yet has a
-- time after which it is swept.
CREATE TABLE evidence_files (
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    upload TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (institution_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_files_unnamed ON evidence_files (expires_at) WHERE expires_at IS NOT NULL;
