DROP INDEX statements_by_id;
CREATE UNIQUE INDEX statements_by_id ON statements (vendor_id, statement_id, revision);
DROP TABLE transfers;
