-- What an institution shows to inspectors, frozen: the facts as JSON, deflated, named by the SHA-256 of the JSON.
CREATE TABLE inspections (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    title TEXT COLLATE "C",
    visit_on TEXT COLLATE "C",
    frozen_at BIGINT NOT NULL,
    frozen_by TEXT COLLATE "C" NOT NULL,
    log_size BIGINT NOT NULL,
    facts_sha256 TEXT COLLATE "C" NOT NULL,
    -- What is counted of it, as JSON: for lists.
    summary TEXT COLLATE "C" NOT NULL,
    facts BYTEA NOT NULL
);
CREATE INDEX inspections_of ON inspections (institution_id, id);

-- Links by which an inspector sees one of them.
CREATE TABLE inspection_links (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    inspection_id TEXT COLLATE "C" NOT NULL REFERENCES inspections (id),
    label TEXT COLLATE "C" NOT NULL,
    token_sha256 TEXT COLLATE "C" NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX inspection_links_of ON inspection_links (inspection_id, id);

-- Every time that such a link was shown.
CREATE TABLE inspection_accesses (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    inspection_id TEXT COLLATE "C" NOT NULL REFERENCES inspections (id),
    link_id TEXT COLLATE "C" NOT NULL REFERENCES inspection_links (id),
    occurred_at BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    result TEXT COLLATE "C" NOT NULL
);
CREATE INDEX inspection_accesses_of ON inspection_accesses (inspection_id, id);
