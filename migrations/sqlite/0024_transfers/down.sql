DROP INDEX statements_by_id;
-- Not unique as it was: a product may have come with a chain of the same name. Products stay whose they are.
CREATE INDEX statements_by_id ON statements (vendor_id, statement_id, revision);
DROP TABLE transfers;
