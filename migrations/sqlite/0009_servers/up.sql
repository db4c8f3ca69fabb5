-- What else counts as a server (guideline 7.0, 図1, ※1).
ALTER TABLE systems ADD COLUMN terminal_server INTEGER;
ALTER TABLE systems ADD COLUMN cloud_server INTEGER;
