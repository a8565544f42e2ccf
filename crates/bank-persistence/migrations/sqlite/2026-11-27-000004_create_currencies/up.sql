-- The currencies of this ledger. The scale is the number of decimals; what is stored depends on it, so it never changes.
CREATE TABLE currencies (
    code TEXT NOT NULL PRIMARY KEY,
    scale INTEGER NOT NULL CHECK (scale BETWEEN 0 AND 18)
) STRICT;
