CREATE TABLE organisations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('operator', 'vendor', 'institution')),
    name TEXT COLLATE "C" NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    corporate_number TEXT COLLATE "C",
    medical_institution_code TEXT COLLATE "C",
    contact TEXT COLLATE "C",
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE UNIQUE INDEX organisations_by_medical_institution_code ON organisations (medical_institution_code);
-- One 医療法人 runs many clinics under one 法人番号; a vendor is one company.
CREATE UNIQUE INDEX organisations_by_vendor_number ON organisations (corporate_number) WHERE kind = 'vendor';

CREATE TABLE clients (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    name TEXT COLLATE "C" NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    jwk TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX clients_by_organisation ON clients (organisation_id, id);

CREATE TABLE used_assertions (
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (id),
    jti TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

CREATE TABLE key_challenges (
    challenge TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX key_challenges_by_expiry ON key_challenges (expires_at);

CREATE TABLE signing_keys (
    kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    vendor_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    algorithm TEXT COLLATE "C" NOT NULL,
    jwk TEXT COLLATE "C" NOT NULL,
    not_after BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    approved_at BIGINT,
    approved_by TEXT COLLATE "C",
    approval_note TEXT COLLATE "C",
    approval_leaf BIGINT,
    retired_at BIGINT,
    retirement_leaf BIGINT,
    revoked_at BIGINT,
    revocation_reason TEXT COLLATE "C",
    compromised_since BIGINT,
    revocation_leaf BIGINT
);
CREATE INDEX signing_keys_by_vendor ON signing_keys (vendor_id, registered_at, kid);
CREATE INDEX signing_keys_waiting ON signing_keys (registered_at, kid) WHERE approved_at IS NULL;

CREATE TABLE service_keys (
    kid TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    jwk TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (kid, purpose, since)
);

CREATE TABLE idempotency_keys (
    client_id TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body_sha256 TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, method, path, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
