-- Products that move to another vendor (事業承継): what both signed.
CREATE TABLE transfers (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    from_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    to_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'withdrawn')),
    offer_jws TEXT COLLATE "C" NOT NULL,
    offer_kid TEXT COLLATE "C" NOT NULL REFERENCES signing_keys (kid),
    offer_leaf BIGINT NOT NULL,
    offered_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    acceptance_jws TEXT COLLATE "C",
    acceptance_leaf BIGINT,
    settled_at BIGINT
);
CREATE INDEX transfers_by_product ON transfers (product_id, id);
CREATE INDEX transfers_by_predecessor ON transfers (from_id, id);
CREATE INDEX transfers_by_successor ON transfers (to_id, id);

-- A vendor may have chains of the same name: one of its own, and one that came to it with a product.
DROP INDEX statements_by_id;
CREATE INDEX statements_by_id ON statements (vendor_id, statement_id);
