-- What was changed on an account, in the order of the numbers. Rows are only added.
CREATE TABLE account_changes (
    account_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    change TEXT NOT NULL,
    before TEXT,
    after TEXT,
    note TEXT,
    changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (account_id, number)
) STRICT;
