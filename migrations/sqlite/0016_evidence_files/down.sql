DROP INDEX evidence_files_unnamed;
DROP TABLE evidence_files;
ALTER TABLE file_chunks RENAME TO attachment_chunks;
ALTER TABLE file_uploads RENAME TO attachment_uploads;
ALTER TABLE attachment_uploads RENAME COLUMN organisation_id TO vendor_id;
DROP INDEX file_uploads_by_expiry;
CREATE INDEX attachment_uploads_by_expiry ON attachment_uploads (expires_at);
