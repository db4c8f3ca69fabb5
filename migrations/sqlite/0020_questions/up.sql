-- What institutions ask vendors about flagged items. Each institution has a question of its own; the vendor sees those
-- about one item of one chain of revisions (product and form) together.
CREATE TABLE questions (
    id TEXT NOT NULL PRIMARY KEY,
    institution_id TEXT NOT NULL REFERENCES organisations (id),
    -- Not a reference: a system that was taken off the list takes no question with it.
    system_id TEXT NOT NULL,
    product_id TEXT NOT NULL REFERENCES products (id),
    form TEXT NOT NULL CHECK (form IN ('MDS', 'SDS')),
    requirement_set TEXT NOT NULL,
    item TEXT NOT NULL,
    -- The revision that the institution looked at.
    statement_sha256 TEXT NOT NULL REFERENCES statements (sha256),
    -- The first of those that were asked in one call.
    asked_with TEXT NOT NULL,
    message TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'withdrawn')),
    answer_id TEXT,
    created_at INTEGER NOT NULL,
    settled_at INTEGER,
    CHECK ((state = 'answered') = (answer_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX questions_open ON questions (product_id, form, requirement_set, item, institution_id)
    WHERE state = 'open';
CREATE INDEX questions_by_product ON questions (product_id, form);
CREATE INDEX questions_by_institution ON questions (institution_id, product_id, form);
CREATE INDEX questions_by_system ON questions (institution_id, system_id, id);
CREATE INDEX questions_by_call ON questions (asked_with);

-- What a vendor answered: by a later revision, or by a remark that changes no answer. Those who asked are told in batches.
CREATE TABLE question_answers (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (id),
    form TEXT NOT NULL CHECK (form IN ('MDS', 'SDS')),
    -- Which items: `set/item`, with spaces between them.
    items TEXT NOT NULL,
    -- The later revision; or the remark, and the one question that it answers where it is not for all.
    statement_sha256 TEXT,
    remark TEXT,
    question_id TEXT REFERENCES questions (id),
    answered_at INTEGER NOT NULL,
    -- When the last of those who asked before it was told.
    told_at INTEGER,
    CHECK ((statement_sha256 IS NULL) <> (remark IS NULL))
) STRICT;
CREATE INDEX question_answers_to_tell ON question_answers (id) WHERE told_at IS NULL;
