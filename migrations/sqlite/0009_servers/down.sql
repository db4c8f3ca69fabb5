ALTER TABLE systems DROP COLUMN cloud_server;
ALTER TABLE systems DROP COLUMN terminal_server;
