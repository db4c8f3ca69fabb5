DROP TABLE statement_attachments;
DROP TABLE attachment_chunks;
DROP TABLE attachment_uploads;
DROP TABLE attachments;
