CREATE TABLE events (
    number BIGINT NOT NULL PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    kind TEXT COLLATE "C" NOT NULL,
    occurred_at BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL
);
CREATE INDEX events_by_organisation ON events (organisation_id, number);

-- What every institution that holds a product is to learn; a job turns it into events, a bounded batch at a time.
CREATE TABLE announcements (
    number BIGINT NOT NULL PRIMARY KEY,
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    also_delivered TEXT COLLATE "C",
    announced_up_to TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
