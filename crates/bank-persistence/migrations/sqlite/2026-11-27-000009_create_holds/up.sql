-- The holds that are open. A row changes only under the lock of its paying account, whose held amount is their sum.
CREATE TABLE holds (
    account_id INTEGER NOT NULL,
    transfer_id BLOB NOT NULL,
    to_account_id INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    expires_at TEXT,
    PRIMARY KEY (account_id, transfer_id)
) STRICT;
