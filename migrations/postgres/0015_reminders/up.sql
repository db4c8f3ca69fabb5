-- When whoever is to answer a request was reminded of it: once at each configured distance from the day that it is due on,
-- and on days on which the institution reminded by hand. Written with the letter, in one transaction.
CREATE TABLE reminders (
    request_id TEXT COLLATE "C" NOT NULL REFERENCES requests (id),
    -- The distance in days, such as -7, or the day of one by hand.
    name TEXT COLLATE "C" NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (request_id, name)
);
CREATE INDEX requests_to_be_reminded_of ON requests (due_on, id) WHERE state = 'open' AND due_on IS NOT NULL;
