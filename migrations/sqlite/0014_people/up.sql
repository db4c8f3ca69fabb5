-- People of organisations. An address is one person's in the whole exchange. Nobody is deleted: the audit trail names
-- people by their ids.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Words with spaces between them.
    roles TEXT NOT NULL,
    -- When letters are wanted: at_once, daily or never.
    letters TEXT NOT NULL,
    -- PHC string; none until the invitation was accepted.
    password_hash TEXT,
    -- Sealed under a key from secret.key.
    totp_secret BLOB,
    -- The time step of the last one-time code that was used: each is good once.
    totp_step INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    joined_at INTEGER,
    disabled_at INTEGER
) STRICT;
CREATE UNIQUE INDEX users_by_email ON users (email_folded);
CREATE INDEX users_by_organisation ON users (organisation_id, id);

-- What somebody who accepts an invitation has chosen, until a one-time code shows that it works.
CREATE TABLE enrolments (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    link_generation INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    totp_secret BLOB NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    code_sha256 TEXT NOT NULL,
    PRIMARY KEY (user_id, code_sha256)
) STRICT;

-- Links in letters to people: invitations and new passwords, one of each a person. A later generation supersedes those
-- before.
CREATE TABLE user_links (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL,
    generation INTEGER NOT NULL,
    token_sha256 TEXT NOT NULL,
    -- Who sent it: a person, a client, or the shell.
    sent_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX user_links_by_user ON user_links (user_id, purpose);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    token_sha256 TEXT NOT NULL,
    -- Where it began.
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- To the minute.
    last_seen_at INTEGER NOT NULL,
    -- When a one-time code was shown last.
    stepped_up_at INTEGER,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sessions_by_token ON sessions (token_sha256);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Tries that failed, or have not succeeded yet, by what they are counted under: an account or a network.
CREATE TABLE tries (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    -- When the last of them was.
    last_at INTEGER NOT NULL,
    -- Until when no other try is let through.
    paused_until INTEGER NOT NULL
) STRICT;
CREATE INDEX tries_by_age ON tries (last_at);
