DROP TABLE registrations;
DROP TABLE links;
-- What the tables before knew nothing of is lost.
CREATE TABLE requests_before (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    vendor_id TEXT NOT NULL REFERENCES organisations (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'released', 'declined', 'cancelled')),
    message TEXT,
    due_on TEXT,
    reason TEXT,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO requests_before
    SELECT id, institution_id, vendor_id, product_id, state, message, due_on, reason, revision, created_at, updated_at
    FROM requests
    WHERE vendor_id IS NOT NULL AND product_id IS NOT NULL AND forwarded_from IS NULL
        AND state IN ('open', 'released', 'declined', 'cancelled');
DROP TABLE requests;
ALTER TABLE requests_before RENAME TO requests;
CREATE INDEX requests_by_institution ON requests (institution_id, id);
CREATE INDEX requests_by_vendor ON requests (vendor_id, id);
CREATE INDEX requests_by_state ON requests (vendor_id, state, id);
CREATE UNIQUE INDEX requests_open ON requests (institution_id, product_id) WHERE state = 'open';
