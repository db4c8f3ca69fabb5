DROP TRIGGER leaves_are_never_truncated ON leaves;
DROP TRIGGER statements_are_never_deleted ON statements;
DROP TRIGGER statements_keep_what_was_signed ON statements;
DROP TRIGGER log_only_grows ON log_head;
DROP TRIGGER leaves_are_never_changed ON leaves;
DROP TABLE checkpoints;
DROP TABLE log_tiles;
DROP FUNCTION refuse;
ALTER TABLE log_head DROP COLUMN frontier;
