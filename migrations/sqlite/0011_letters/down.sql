ALTER TABLE organisations DROP COLUMN letters;
ALTER TABLE organisations DROP COLUMN email;
DROP TABLE letters;
