-- The first schema has no place for holds.
DROP TABLE transfers;
CREATE TABLE transfers (
    id BLOB NOT NULL PRIMARY KEY,
    from_account_id INTEGER NOT NULL,
    to_account_id INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    from_version INTEGER NOT NULL,
    to_version INTEGER NOT NULL,
    from_balance_after INTEGER NOT NULL,
    to_balance_after INTEGER NOT NULL,
    memo TEXT,
    posted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UNIQUE (from_account_id, from_version),
    UNIQUE (to_account_id, to_version)
) STRICT;
