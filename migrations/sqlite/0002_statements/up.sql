CREATE TABLE products (
    id TEXT NOT NULL PRIMARY KEY,
    vendor_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    version TEXT,
    description TEXT,
    release TEXT NOT NULL CHECK (release IN ('on_request', 'automatic', 'listed')),
    in_directory INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX products_by_vendor ON products (vendor_id, id);
CREATE INDEX products_by_release ON products (release, id);
CREATE INDEX products_in_directory ON products (id) WHERE in_directory = 1;

CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    last_received_at INTEGER NOT NULL,
    last_event INTEGER NOT NULL
) STRICT;
INSERT INTO log_head (id, size, last_received_at, last_event) VALUES (1, 0, 0, 0);

CREATE TABLE leaves (
    leaf_index INTEGER NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    receipt TEXT NOT NULL
) STRICT;

CREATE TABLE statements (
    sha256 TEXT NOT NULL PRIMARY KEY,
    vendor_id TEXT NOT NULL REFERENCES organisations (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    form TEXT NOT NULL CHECK (form IN ('MDS', 'SDS')),
    form_edition TEXT NOT NULL,
    statement_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    superseded_by TEXT,
    payload_sha256 TEXT NOT NULL,
    product_name TEXT NOT NULL,
    product_version TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    signer_kid TEXT NOT NULL REFERENCES signing_keys (kid),
    receipt_leaf INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    withdrawn_at INTEGER,
    withdrawal_reason TEXT,
    withdrawal_leaf INTEGER,
    jws TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX statements_by_chain ON statements (product_id, form, revision);
CREATE UNIQUE INDEX statements_heads ON statements (product_id, form) WHERE superseded_by IS NULL;
CREATE UNIQUE INDEX statements_by_id ON statements (vendor_id, statement_id, revision);
CREATE UNIQUE INDEX statements_by_payload ON statements (vendor_id, payload_sha256);
CREATE INDEX statements_by_vendor ON statements (vendor_id, receipt_leaf);

CREATE TABLE comparisons (
    statement_sha256 TEXT NOT NULL REFERENCES statements (sha256),
    requirement_set_sha256 TEXT NOT NULL,
    requirement_set TEXT NOT NULL,
    conforming INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL,
    nonconforming INTEGER NOT NULL,
    unconfirmed INTEGER NOT NULL,
    items TEXT NOT NULL,
    PRIMARY KEY (statement_sha256, requirement_set_sha256)
) STRICT;

CREATE TABLE grants (
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    granted_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (institution_id, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_product ON grants (product_id, institution_id);

CREATE TABLE deliveries (
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    statement_sha256 TEXT NOT NULL REFERENCES statements (sha256),
    delivered_at INTEGER NOT NULL,
    delivery_leaf INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledgement_leaf INTEGER,
    PRIMARY KEY (institution_id, statement_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_statement ON deliveries (statement_sha256, institution_id);
