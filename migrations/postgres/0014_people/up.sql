-- People of organisations. An address is one person's in the whole exchange. Nobody is deleted: the audit trail names
-- people by their ids.
CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    email TEXT COLLATE "C" NOT NULL,
    email_folded TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- Words with spaces between them.
    roles TEXT COLLATE "C" NOT NULL,
    -- When letters are wanted: at_once, daily or never.
    letters TEXT COLLATE "C" NOT NULL,
    -- PHC string; none until the invitation was accepted.
    password_hash TEXT COLLATE "C",
    -- Sealed under a key from secret.key.
    totp_secret BYTEA,
    -- The time step of the last one-time code that was used: each is good once.
    totp_step BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    joined_at BIGINT,
    disabled_at BIGINT
);
CREATE UNIQUE INDEX users_by_email ON users (email_folded);
CREATE INDEX users_by_organisation ON users (organisation_id, id);

-- What somebody who accepts an invitation has chosen, until a one-time code shows that it works.
CREATE TABLE enrolments (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id),
    link_generation BIGINT NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    totp_secret BYTEA NOT NULL
);

CREATE TABLE recovery_codes (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    code_sha256 TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, code_sha256)
);

-- Links in letters to people: invitations and new passwords, one of each a person. A later generation supersedes those
-- before.
CREATE TABLE user_links (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    purpose TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    token_sha256 TEXT COLLATE "C" NOT NULL,
    -- Who sent it: a person, a client, or the shell.
    sent_by TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE UNIQUE INDEX user_links_by_user ON user_links (user_id, purpose);

CREATE TABLE sessions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    token_sha256 TEXT COLLATE "C" NOT NULL,
    -- Where it began.
    address TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- To the minute.
    last_seen_at BIGINT NOT NULL,
    -- When a one-time code was shown last.
    stepped_up_at BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sessions_by_token ON sessions (token_sha256);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Tries that failed, or have not succeeded yet, by what they are counted under: an account or a network.
CREATE TABLE tries (
    subject TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- When the last of them was.
    last_at BIGINT NOT NULL,
    -- Until when no other try is let through.
    paused_until BIGINT NOT NULL
);
CREATE INDEX tries_by_age ON tries (last_at);
