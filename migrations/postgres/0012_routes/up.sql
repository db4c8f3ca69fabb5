-- A request may go to an address as well as to a vendor, and on from there.
DROP INDEX requests_open;
ALTER TABLE requests
    ALTER COLUMN vendor_id DROP NOT NULL,
    ALTER COLUMN product_id DROP NOT NULL,
    -- Who is asked: a vendor of the exchange, or somebody at an e-mail address. Both where that somebody became a vendor.
    ADD COLUMN addressee_name TEXT COLLATE "C",
    ADD COLUMN addressee_email TEXT COLLATE "C",
    -- What is asked about in the institution's words; the product's own name where there are none.
    ADD COLUMN subject TEXT COLLATE "C",
    -- Not a reference: a system that was taken off the list takes no request with it.
    ADD COLUMN system_id TEXT COLLATE "C",
    ADD COLUMN forms TEXT COLLATE "C",
    -- The request that this one continues, the institution's own with which the chain began, and the place in the chain.
    ADD COLUMN forwarded_from TEXT COLLATE "C" REFERENCES requests (id),
    ADD COLUMN origin_id TEXT COLLATE "C",
    ADD COLUMN step BIGINT,
    DROP CONSTRAINT requests_state_check,
    ADD CONSTRAINT requests_state_check
        CHECK (state IN ('open', 'forwarded', 'answered', 'released', 'declined', 'cancelled'));
UPDATE requests SET forms = 'MDS SDS', origin_id = id, step = 0;
ALTER TABLE requests
    ALTER COLUMN forms SET NOT NULL,
    ALTER COLUMN origin_id SET NOT NULL,
    ALTER COLUMN step SET NOT NULL,
    ADD CHECK (vendor_id IS NOT NULL OR addressee_email IS NOT NULL),
    ADD CHECK (product_id IS NOT NULL OR subject IS NOT NULL);
CREATE UNIQUE INDEX requests_by_origin ON requests (origin_id, step);
CREATE INDEX requests_by_system ON requests (institution_id, system_id) WHERE system_id IS NOT NULL;
-- One question at a time: asking again while the first waits would only double the vendor's queue. What others forward
-- is not the institution's question.
CREATE UNIQUE INDEX requests_open ON requests (institution_id, product_id)
    WHERE forwarded_from IS NULL AND state IN ('open', 'forwarded');

-- What somebody at an e-mail address may answer a request by. The questions are those of the day of the letter.
CREATE TABLE links (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    request_id TEXT COLLATE "C" NOT NULL REFERENCES requests (id),
    generation BIGINT NOT NULL,
    token_sha256 TEXT COLLATE "C" NOT NULL,
    requirement_set TEXT COLLATE "C" NOT NULL,
    requirement_set_sha256 TEXT COLLATE "C" NOT NULL,
    forms TEXT COLLATE "C" NOT NULL,
    draft TEXT COLLATE "C",
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX links_by_request ON links (request_id);

-- Who was asked by a link and wants to be a vendor of the exchange.
CREATE TABLE registrations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    request_id TEXT COLLATE "C" NOT NULL REFERENCES requests (id),
    organisation_name TEXT COLLATE "C" NOT NULL,
    corporate_number TEXT COLLATE "C",
    person_name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'approved', 'refused')),
    -- Why it was approved or refused.
    note TEXT COLLATE "C",
    vendor_id TEXT COLLATE "C" REFERENCES organisations (id),
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX registrations_by_state ON registrations (state, id);
CREATE UNIQUE INDEX registrations_waiting ON registrations (request_id) WHERE state = 'waiting';
