CREATE TABLE organisations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('operator', 'vendor', 'institution')),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    corporate_number TEXT,
    medical_institution_code TEXT,
    contact TEXT,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;
CREATE UNIQUE INDEX organisations_by_medical_institution_code ON organisations (medical_institution_code);
-- One 医療法人 runs many clinics under one 法人番号; a vendor is one company.
CREATE UNIQUE INDEX organisations_by_vendor_number ON organisations (corporate_number) WHERE kind = 'vendor';

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    kid TEXT NOT NULL,
    jwk TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;
CREATE INDEX clients_by_organisation ON clients (organisation_id, id);

CREATE TABLE used_assertions (
    client_id TEXT NOT NULL REFERENCES clients (id),
    jti TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, jti)
) STRICT;
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

CREATE TABLE key_challenges (
    challenge TEXT NOT NULL PRIMARY KEY,
    vendor_id TEXT NOT NULL REFERENCES organisations (id),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX key_challenges_by_expiry ON key_challenges (expires_at);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    vendor_id TEXT NOT NULL REFERENCES organisations (id),
    algorithm TEXT NOT NULL,
    jwk TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    approved_at INTEGER,
    approved_by TEXT,
    approval_note TEXT,
    approval_leaf INTEGER,
    retired_at INTEGER,
    retirement_leaf INTEGER,
    revoked_at INTEGER,
    revocation_reason TEXT,
    compromised_since INTEGER,
    revocation_leaf INTEGER
) STRICT;
CREATE INDEX signing_keys_by_vendor ON signing_keys (vendor_id, registered_at, kid);
CREATE INDEX signing_keys_waiting ON signing_keys (registered_at, kid) WHERE approved_at IS NULL;

CREATE TABLE service_keys (
    kid TEXT NOT NULL,
    purpose TEXT NOT NULL,
    jwk TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (kid, purpose, since)
) STRICT;

CREATE TABLE idempotency_keys (
    client_id TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, method, path, key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
