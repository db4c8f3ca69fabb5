-- Uploads and chunks serve the files of vendors and those of institutions.
ALTER TABLE attachment_uploads RENAME TO file_uploads;
ALTER TABLE file_uploads RENAME COLUMN vendor_id TO organisation_id;
ALTER INDEX attachment_uploads_by_expiry RENAME TO file_uploads_by_expiry;
ALTER TABLE attachment_chunks RENAME TO file_chunks;

-- Files that an institution's own records name (reviews, checklist, contract points). One that none has named yet has a
-- time after which it is swept.
CREATE TABLE evidence_files (
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    sha256 TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    upload TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (institution_id, sha256)
);
CREATE INDEX evidence_files_unnamed ON evidence_files (expires_at) WHERE expires_at IS NOT NULL;
