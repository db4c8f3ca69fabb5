ALTER TABLE statements DROP COLUMN confirmed_on;
DROP TABLE confirmations;
