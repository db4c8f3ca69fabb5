-- What an institution shows to inspectors, frozen: the facts as JSON, deflated, named by the SHA-256 of the JSON.
CREATE TABLE inspections (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    title TEXT,
    visit_on TEXT,
    frozen_at INTEGER NOT NULL,
    frozen_by TEXT NOT NULL,
    log_size INTEGER NOT NULL,
    facts_sha256 TEXT NOT NULL,
    -- What is counted of it, as JSON: for lists.
    summary TEXT NOT NULL,
    facts BLOB NOT NULL
) STRICT;
CREATE INDEX inspections_of ON inspections (institution_id, id);

-- Links by which an inspector sees one of them.
CREATE TABLE inspection_links (
    id TEXT NOT NULL PRIMARY KEY,
    inspection_id TEXT NOT NULL REFERENCES inspections (id),
    label TEXT NOT NULL,
    token_sha256 TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX inspection_links_of ON inspection_links (inspection_id, id);

-- Every time that such a link was shown.
CREATE TABLE inspection_accesses (
    id TEXT NOT NULL PRIMARY KEY,
    inspection_id TEXT NOT NULL REFERENCES inspections (id),
    link_id TEXT NOT NULL REFERENCES inspection_links (id),
    occurred_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    what TEXT NOT NULL,
    result TEXT NOT NULL
) STRICT;
CREATE INDEX inspection_accesses_of ON inspection_accesses (inspection_id, id);
