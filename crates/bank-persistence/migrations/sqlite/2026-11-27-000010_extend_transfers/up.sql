-- kind: 1 payment, 2 reversal, 3 hold, 4 capture, 5 release. A hold and a release leave the receiving account as it is.
-- from_held_after is null for 0. SQLite cannot change constraints, so the table is made again.
CREATE TABLE new_transfers (
    id BLOB NOT NULL PRIMARY KEY,
    from_account_id INTEGER NOT NULL,
    to_account_id INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    from_version INTEGER NOT NULL,
    to_version INTEGER,
    from_balance_after INTEGER NOT NULL,
    to_balance_after INTEGER,
    memo TEXT,
    posted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    kind INTEGER NOT NULL,
    related_id BLOB,
    group_id BLOB,
    value_date TEXT,
    from_held_after INTEGER,
    UNIQUE (from_account_id, from_version),
    UNIQUE (to_account_id, to_version),
    CHECK ((to_version IS NULL) = (kind IN (3, 5)) AND (to_balance_after IS NULL) = (kind IN (3, 5)))
) STRICT;
INSERT INTO new_transfers
SELECT id, from_account_id, to_account_id, amount, from_version, to_version, from_balance_after, to_balance_after, memo,
       posted_at, 1, NULL, NULL, NULL, NULL
  FROM transfers;
DROP TABLE transfers;
ALTER TABLE new_transfers RENAME TO transfers;
