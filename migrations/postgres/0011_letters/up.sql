-- The outbox: one row a recipient, written in the transaction of what it tells. Nothing is deleted from it.
CREATE TABLE letters (
    number BIGINT NOT NULL PRIMARY KEY,
    -- Whoever learns of it when it cannot be delivered.
    organisation_id TEXT COLLATE "C" REFERENCES organisations (id),
    request_id TEXT COLLATE "C",
    to_address TEXT COLLATE "C" NOT NULL,
    to_name TEXT COLLATE "C",
    -- Whose wishes about letters count: a user or an organisation; none for a letter that is always sent.
    mailbox TEXT COLLATE "C",
    content TEXT COLLATE "C" NOT NULL,
    link_purpose TEXT COLLATE "C",
    link_id TEXT COLLATE "C",
    link_generation BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    failure TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX letters_to_be_sent ON letters (next_attempt_at, number) WHERE state = 'waiting';
CREATE INDEX letters_to_be_gathered ON letters (mailbox, number) WHERE state = 'kept';
CREATE INDEX letters_by_request ON letters (request_id, number) WHERE request_id IS NOT NULL;

-- Where an organisation without users is told of things, and how: at_once, daily or never.
ALTER TABLE organisations ADD COLUMN email TEXT COLLATE "C";
ALTER TABLE organisations ADD COLUMN letters TEXT COLLATE "C" NOT NULL DEFAULT 'at_once';
