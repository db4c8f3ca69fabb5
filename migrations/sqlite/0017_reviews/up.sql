-- Risk reviews of flagged items (リスク評価・リスク対応), one an item of a system. Nothing of them is ever deleted, also when
-- the system goes off the list: hence its name, and no reference to its row.
CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    system_id TEXT NOT NULL,
    system_name TEXT NOT NULL,
    item TEXT NOT NULL,
    -- Of the newest edition: draft, submitted, approved or sent_back.
    state TEXT NOT NULL,
    -- How many changes there are; the newest bears this number.
    revision INTEGER NOT NULL,
    -- The change that wrote the newest edition.
    written INTEGER NOT NULL,
    -- The change that approved the edition in force.
    approved INTEGER,
    -- When the approved edition is to be looked at again.
    review_on TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX reviews_by_item ON reviews (institution_id, system_id, item);
CREATE INDEX reviews_by_day ON reviews (institution_id, review_on, id) WHERE review_on IS NOT NULL;
CREATE INDEX reviews_that_fall_due ON reviews (review_on, institution_id, id) WHERE review_on IS NOT NULL;

-- Every change of a review: who, when, what. Only appended to.
CREATE TABLE review_changes (
    review_id TEXT NOT NULL REFERENCES reviews (id),
    number INTEGER NOT NULL,
    -- drafted, submitted, sent_back or approved.
    deed TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    by_id TEXT NOT NULL,
    -- The name on that day.
    by_name TEXT NOT NULL,
    -- The edition that was written, or approved: the bytes whose digest is in the leaf.
    document TEXT,
    -- Why it was sent back.
    reason TEXT,
    -- Of an approval: whether nobody else could have approved.
    approved_alone INTEGER,
    leaf INTEGER,
    PRIMARY KEY (review_id, number)
) STRICT;

-- That it was told that a review falls due: once at each distance, for each day. Written with the letter, in one transaction.
CREATE TABLE review_reminders (
    review_id TEXT NOT NULL REFERENCES reviews (id),
    review_on TEXT NOT NULL,
    -- The distance in days, such as -30.
    name TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (review_id, review_on, name)
) STRICT;

-- The scales that institutions chose or wrote themselves. Version 1 is the standard one and has no row.
CREATE TABLE risk_matrices (
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (institution_id, version)
) STRICT;

-- Measures that recur. One that is put away is no longer offered.
CREATE TABLE measure_templates (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    content TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    put_away_at INTEGER
) STRICT;
CREATE INDEX measure_templates_by_institution ON measure_templates (institution_id, id);

CREATE TRIGGER reviews_are_never_deleted BEFORE DELETE ON reviews
BEGIN SELECT RAISE(ABORT, 'reviews are kept'); END;
CREATE TRIGGER review_changes_are_never_changed BEFORE UPDATE ON review_changes
BEGIN SELECT RAISE(ABORT, 'changes of reviews are only appended to'); END;
CREATE TRIGGER review_changes_are_never_deleted BEFORE DELETE ON review_changes
BEGIN SELECT RAISE(ABORT, 'changes of reviews are only appended to'); END;
