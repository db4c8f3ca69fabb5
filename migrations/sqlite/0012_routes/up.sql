-- A request may go to an address as well as to a vendor, and on from there. SQLite changes no column in place: the table
-- is written anew. Nothing refers to it yet.
CREATE TABLE requests_anew (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    -- Who is asked: a vendor of the exchange, or somebody at an e-mail address. Both where that somebody became a vendor.
    vendor_id TEXT REFERENCES organisations (id),
    addressee_name TEXT,
    addressee_email TEXT,
    product_id TEXT REFERENCES products (id),
    -- What is asked about in the institution's words; the product's own name where there are none.
    subject TEXT,
    -- Not a reference: a system that was taken off the list takes no request with it.
    system_id TEXT,
    forms TEXT NOT NULL,
    -- The request that this one continues, the institution's own with which the chain began, and the place in the chain.
    forwarded_from TEXT REFERENCES requests (id),
    origin_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('open', 'forwarded', 'answered', 'released', 'declined', 'cancelled')),
    message TEXT,
    due_on TEXT,
    reason TEXT,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (vendor_id IS NOT NULL OR addressee_email IS NOT NULL),
    CHECK (product_id IS NOT NULL OR subject IS NOT NULL)
) STRICT;
INSERT INTO requests_anew
    (id, institution_id, vendor_id, product_id, forms, origin_id, step, state, message, due_on, reason, revision,
     created_at, updated_at)
    SELECT id, institution_id, vendor_id, product_id, 'MDS SDS', id, 0, state, message, due_on, reason, revision,
           created_at, updated_at
    FROM requests;
DROP TABLE requests;
ALTER TABLE requests_anew RENAME TO requests;
CREATE INDEX requests_by_institution ON requests (institution_id, id);
CREATE INDEX requests_by_vendor ON requests (vendor_id, id);
CREATE INDEX requests_by_state ON requests (vendor_id, state, id);
CREATE UNIQUE INDEX requests_by_origin ON requests (origin_id, step);
CREATE INDEX requests_by_system ON requests (institution_id, system_id) WHERE system_id IS NOT NULL;
-- One question at a time: asking again while the first waits would only double the vendor's queue. What others forward
-- is not the institution's question.
CREATE UNIQUE INDEX requests_open ON requests (institution_id, product_id)
    WHERE forwarded_from IS NULL AND state IN ('open', 'forwarded');

-- What somebody at an e-mail address may answer a request by. The questions are those of the day of the letter.
CREATE TABLE links (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id),
    generation INTEGER NOT NULL,
    token_sha256 TEXT NOT NULL,
    requirement_set TEXT NOT NULL,
    requirement_set_sha256 TEXT NOT NULL,
    forms TEXT NOT NULL,
    draft TEXT,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    used_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX links_by_request ON links (request_id);

-- Who was asked by a link and wants to be a vendor of the exchange.
CREATE TABLE registrations (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id),
    organisation_name TEXT NOT NULL,
    corporate_number TEXT,
    person_name TEXT NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused')),
    -- Why it was approved or refused.
    note TEXT,
    vendor_id TEXT REFERENCES organisations (id),
    created_at INTEGER NOT NULL,
    decided_at INTEGER
) STRICT;
CREATE INDEX registrations_by_state ON registrations (state, id);
CREATE UNIQUE INDEX registrations_waiting ON registrations (request_id) WHERE state = 'waiting';
