CREATE TABLE systems (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    product_id TEXT REFERENCES products (id),
    product_name TEXT,
    vendor_name TEXT,
    installed_version TEXT,
    outsourced_work TEXT,
    contract_partner TEXT,
    contract_renewal_on TEXT,
    maintained_by TEXT,
    remote_maintenance INTEGER,
    on_premises_server INTEGER,
    security_updates_by TEXT CHECK (security_updates_by IN ('vendor', 'institution', 'unclear')),
    security_updates_written_in TEXT CHECK (security_updates_written_in IN ('contract', 'terms', 'sla', 'nowhere')),
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX systems_by_institution ON systems (institution_id, id);
CREATE INDEX systems_by_product ON systems (product_id, institution_id);

CREATE TABLE requests (
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
CREATE INDEX requests_by_institution ON requests (institution_id, id);
CREATE INDEX requests_by_vendor ON requests (vendor_id, id);
CREATE INDEX requests_by_state ON requests (vendor_id, state, id);
-- One question at a time: asking again while the first is open would only double the vendor's queue.
CREATE UNIQUE INDEX requests_open ON requests (institution_id, product_id) WHERE state = 'open';
