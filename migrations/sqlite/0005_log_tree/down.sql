DROP TRIGGER statements_are_never_deleted;
DROP TRIGGER statements_keep_what_was_signed;
DROP TRIGGER log_only_grows;
DROP TRIGGER leaves_are_never_deleted;
DROP TRIGGER leaves_are_never_changed;
DROP TABLE checkpoints;
DROP TABLE log_tiles;
ALTER TABLE log_head DROP COLUMN frontier;
