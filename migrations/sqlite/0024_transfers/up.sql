-- Products that move to another vendor (事業承継): what both signed.
CREATE TABLE transfers (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (id),
    from_id TEXT NOT NULL REFERENCES organisations (id),
    to_id TEXT NOT NULL REFERENCES organisations (id),
    state TEXT NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'withdrawn')),
    offer_jws TEXT NOT NULL,
    offer_kid TEXT NOT NULL REFERENCES signing_keys (kid),
    offer_leaf INTEGER NOT NULL,
    offered_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    acceptance_jws TEXT,
    acceptance_leaf INTEGER,
    settled_at INTEGER
) STRICT;
CREATE INDEX transfers_by_product ON transfers (product_id, id);
CREATE INDEX transfers_by_predecessor ON transfers (from_id, id);
CREATE INDEX transfers_by_successor ON transfers (to_id, id);

-- A vendor may have chains of the same name: one of its own, and one that came to it with a product.
DROP INDEX statements_by_id;
CREATE INDEX statements_by_id ON statements (vendor_id, statement_id);
