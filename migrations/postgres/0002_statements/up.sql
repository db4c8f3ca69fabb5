CREATE TABLE products (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    name TEXT COLLATE "C" NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C",
    description TEXT COLLATE "C",
    release TEXT COLLATE "C" NOT NULL CHECK (release IN ('on_request', 'automatic', 'listed')),
    in_directory BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX products_by_vendor ON products (vendor_id, id);
CREATE INDEX products_by_release ON products (release, id);
CREATE INDEX products_in_directory ON products (id) WHERE in_directory;

CREATE TABLE log_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    last_received_at BIGINT NOT NULL,
    last_event BIGINT NOT NULL
);
INSERT INTO log_head (id, size, last_received_at, last_event) VALUES (1, 0, 0, 0);

CREATE TABLE leaves (
    leaf_index BIGINT NOT NULL PRIMARY KEY,
    event TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    receipt TEXT COLLATE "C" NOT NULL
);

CREATE TABLE statements (
    sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    form TEXT COLLATE "C" NOT NULL CHECK (form IN ('MDS', 'SDS')),
    form_edition TEXT COLLATE "C" NOT NULL,
    statement_id TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    superseded_by TEXT COLLATE "C",
    payload_sha256 TEXT COLLATE "C" NOT NULL,
    product_name TEXT COLLATE "C" NOT NULL,
    product_version TEXT COLLATE "C" NOT NULL,
    issued_on TEXT COLLATE "C" NOT NULL,
    signer_kid TEXT COLLATE "C" NOT NULL REFERENCES signing_keys (kid),
    receipt_leaf BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    withdrawal_reason TEXT COLLATE "C",
    withdrawal_leaf BIGINT,
    jws TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX statements_by_chain ON statements (product_id, form, revision);
CREATE UNIQUE INDEX statements_heads ON statements (product_id, form) WHERE superseded_by IS NULL;
CREATE UNIQUE INDEX statements_by_id ON statements (vendor_id, statement_id, revision);
CREATE UNIQUE INDEX statements_by_payload ON statements (vendor_id, payload_sha256);
CREATE INDEX statements_by_vendor ON statements (vendor_id, receipt_leaf);

CREATE TABLE comparisons (
    statement_sha256 TEXT COLLATE "C" NOT NULL REFERENCES statements (sha256),
    requirement_set_sha256 TEXT COLLATE "C" NOT NULL,
    requirement_set TEXT COLLATE "C" NOT NULL,
    conforming BIGINT NOT NULL,
    not_applicable BIGINT NOT NULL,
    nonconforming BIGINT NOT NULL,
    unconfirmed BIGINT NOT NULL,
    items TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (statement_sha256, requirement_set_sha256)
);

CREATE TABLE grants (
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    granted_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (institution_id, product_id)
);
CREATE INDEX grants_by_product ON grants (product_id, institution_id);

CREATE TABLE deliveries (
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    statement_sha256 TEXT COLLATE "C" NOT NULL REFERENCES statements (sha256),
    delivered_at BIGINT NOT NULL,
    delivery_leaf BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledgement_leaf BIGINT,
    PRIMARY KEY (institution_id, statement_sha256)
);
CREATE INDEX deliveries_by_statement ON deliveries (statement_sha256, institution_id);
