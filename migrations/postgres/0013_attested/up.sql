-- What a person answered through a link: declared, not signed. The document is kept as it came; the columns are what one
-- searches by. It belongs to the institution that asked, and to nobody else.
CREATE TABLE attested_statements (
    sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    request_id TEXT COLLATE "C" NOT NULL REFERENCES requests (id),
    -- What the institution asked about, where it said so. Not references: neither is what was answered.
    system_id TEXT COLLATE "C",
    product_id TEXT COLLATE "C",
    form TEXT COLLATE "C" NOT NULL CHECK (form IN ('MDS', 'SDS')),
    form_edition TEXT COLLATE "C" NOT NULL,
    product_name TEXT COLLATE "C" NOT NULL,
    product_version TEXT COLLATE "C" NOT NULL,
    organisation_name TEXT COLLATE "C" NOT NULL,
    attested_on TEXT COLLATE "C" NOT NULL,
    receipt_leaf BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledgement_leaf BIGINT,
    document TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX attested_statements_by_request ON attested_statements (request_id);
CREATE INDEX attested_statements_by_institution ON attested_statements (institution_id, receipt_leaf);
CREATE INDEX attested_statements_by_system ON attested_statements (institution_id, system_id) WHERE system_id IS NOT NULL;
CREATE INDEX attested_statements_by_product ON attested_statements (institution_id, product_id) WHERE product_id IS NOT NULL;
