-- status: 1 open, 2 frozen, 3 closed. Names are unique in account_names, which keeps former names, too. SQLite cannot
-- change constraints, so the table is made again. All migrations of a file run in one transaction.
CREATE TABLE new_accounts (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    age INTEGER,
    country TEXT,
    opening_balance INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    overdraft_limit INTEGER NOT NULL DEFAULT 0 CHECK (overdraft_limit >= 0),
    version INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    currency TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 1,
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    CHECK (balance - held >= -overdraft_limit)
) STRICT;
INSERT INTO new_accounts
SELECT id, name, age, country, opening_balance, balance, overdraft_limit, version, created_at, 'XXX', 1, 0 FROM accounts;
DROP TABLE accounts;
ALTER TABLE new_accounts RENAME TO accounts;
