-- What a person answered through a link: declared, not signed. The document is kept as it came; the columns are what one
-- searches by. It belongs to the institution that asked, and to nobody else.
CREATE TABLE attested_statements (
    sha256 TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    request_id TEXT NOT NULL REFERENCES requests (id),
    -- What the institution asked about, where it said so. Not references: neither is what was answered.
    system_id TEXT,
    product_id TEXT,
    form TEXT NOT NULL CHECK (form IN ('MDS', 'SDS')),
    form_edition TEXT NOT NULL,
    product_name TEXT NOT NULL,
    product_version TEXT NOT NULL,
    organisation_name TEXT NOT NULL,
    attested_on TEXT NOT NULL,
    receipt_leaf INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledgement_leaf INTEGER,
    document TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX attested_statements_by_request ON attested_statements (request_id);
CREATE INDEX attested_statements_by_institution ON attested_statements (institution_id, receipt_leaf);
CREATE INDEX attested_statements_by_system ON attested_statements (institution_id, system_id) WHERE system_id IS NOT NULL;
CREATE INDEX attested_statements_by_product ON attested_statements (institution_id, product_id) WHERE product_id IS NOT NULL;
