CREATE TABLE systems (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    name TEXT COLLATE "C" NOT NULL,
    product_id TEXT COLLATE "C" REFERENCES products (id),
    product_name TEXT COLLATE "C",
    vendor_name TEXT COLLATE "C",
    installed_version TEXT COLLATE "C",
    outsourced_work TEXT COLLATE "C",
    contract_partner TEXT COLLATE "C",
    contract_renewal_on TEXT COLLATE "C",
    maintained_by TEXT COLLATE "C",
    remote_maintenance BOOLEAN,
    on_premises_server BOOLEAN,
    security_updates_by TEXT COLLATE "C" CHECK (security_updates_by IN ('vendor', 'institution', 'unclear')),
    security_updates_written_in TEXT COLLATE "C" CHECK (security_updates_written_in IN ('contract', 'terms', 'sla', 'nowhere')),
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX systems_by_institution ON systems (institution_id, id);
CREATE INDEX systems_by_product ON systems (product_id, institution_id);

CREATE TABLE requests (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'released', 'declined', 'cancelled')),
    message TEXT COLLATE "C",
    due_on TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX requests_by_institution ON requests (institution_id, id);
CREATE INDEX requests_by_vendor ON requests (vendor_id, id);
CREATE INDEX requests_by_state ON requests (vendor_id, state, id);
-- One question at a time: asking again while the first is open would only double the vendor's queue.
CREATE UNIQUE INDEX requests_open ON requests (institution_id, product_id) WHERE state = 'open';
