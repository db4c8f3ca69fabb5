-- The outbox: one row a recipient, written in the transaction of what it tells. Nothing is deleted from it.
CREATE TABLE letters (
    number INTEGER NOT NULL PRIMARY KEY,
    -- Whoever learns of it when it cannot be delivered.
    organisation_id TEXT REFERENCES organisations (id),
    request_id TEXT,
    to_address TEXT NOT NULL,
    to_name TEXT,
    -- Whose wishes about letters count: a user or an organisation; none for a letter that is always sent.
    mailbox TEXT,
    content TEXT NOT NULL,
    link_purpose TEXT,
    link_id TEXT,
    link_generation INTEGER,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    failure TEXT,
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE INDEX letters_to_be_sent ON letters (next_attempt_at, number) WHERE state = 'waiting';
CREATE INDEX letters_to_be_gathered ON letters (mailbox, number) WHERE state = 'kept';
CREATE INDEX letters_by_request ON letters (request_id, number) WHERE request_id IS NOT NULL;

-- Where an organisation without users is told of things, and how: at_once, daily or never.
ALTER TABLE organisations ADD COLUMN email TEXT;
ALTER TABLE organisations ADD COLUMN letters TEXT NOT NULL DEFAULT 'at_once';
