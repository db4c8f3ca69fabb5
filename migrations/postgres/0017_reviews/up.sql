-- Risk reviews of flagged items (リスク評価・リスク対応), one an item of a system. Nothing of them is ever deleted, also when
-- the system goes off the list: hence its name, and no reference to its row.
CREATE TABLE reviews (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    system_id TEXT COLLATE "C" NOT NULL,
    system_name TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    -- Of the newest edition: draft, submitted, approved or sent_back.
    state TEXT COLLATE "C" NOT NULL,
    -- How many changes there are; the newest bears this number.
    revision BIGINT NOT NULL,
    -- The change that wrote the newest edition.
    written BIGINT NOT NULL,
    -- The change that approved the edition in force.
    approved BIGINT,
    -- When the approved edition is to be looked at again.
    review_on TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX reviews_by_item ON reviews (institution_id, system_id, item);
CREATE INDEX reviews_by_day ON reviews (institution_id, review_on, id) WHERE review_on IS NOT NULL;
CREATE INDEX reviews_that_fall_due ON reviews (review_on, institution_id, id) WHERE review_on IS NOT NULL;

-- Every change of a review: who, when, what. Only appended to.
CREATE TABLE review_changes (
    review_id TEXT COLLATE "C" NOT NULL REFERENCES reviews (id),
    number BIGINT NOT NULL,
    -- drafted, submitted, sent_back or approved.
    deed TEXT COLLATE "C" NOT NULL,
    occurred_at BIGINT NOT NULL,
    by_id TEXT COLLATE "C" NOT NULL,
    -- The name on that day.
    by_name TEXT COLLATE "C" NOT NULL,
    -- The edition that was written, or approved: the bytes whose digest is in the leaf.
    document TEXT COLLATE "C",
    -- Why it was sent back.
    reason TEXT COLLATE "C",
    -- Of an approval: whether nobody else could have approved.
    approved_alone BOOLEAN,
    leaf BIGINT,
    PRIMARY KEY (review_id, number)
);

-- That it was told that a review falls due: once at each distance, for each day. Written with the letter, in one transaction.
CREATE TABLE review_reminders (
    review_id TEXT COLLATE "C" NOT NULL REFERENCES reviews (id),
    review_on TEXT COLLATE "C" NOT NULL,
    -- The distance in days, such as -30.
    name TEXT COLLATE "C" NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (review_id, review_on, name)
);

-- The scales that institutions chose or wrote themselves. Version 1 is the standard one and has no row.
CREATE TABLE risk_matrices (
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    version BIGINT NOT NULL,
    content TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (institution_id, version)
);

-- Measures that recur. One that is put away is no longer offered.
CREATE TABLE measure_templates (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    content TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    put_away_at BIGINT
);
CREATE INDEX measure_templates_by_institution ON measure_templates (institution_id, id);

CREATE TRIGGER reviews_are_never_deleted BEFORE DELETE ON reviews
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER review_changes_are_never_changed BEFORE UPDATE OR DELETE ON review_changes
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER review_changes_are_never_truncated BEFORE TRUNCATE ON review_changes EXECUTE FUNCTION refuse();
