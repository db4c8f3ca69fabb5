CREATE TABLE events (
    number INTEGER NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    subject TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_organisation ON events (organisation_id, number);

-- What every institution that holds a product is to learn; a job turns it into events, a bounded batch at a time.
CREATE TABLE announcements (
    number INTEGER NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    also_delivered TEXT,
    announced_up_to TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
