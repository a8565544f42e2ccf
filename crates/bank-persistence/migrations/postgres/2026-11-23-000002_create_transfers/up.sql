-- The journal. The two UNIQUE constraints are the history's indexes and the proof that no two postings saw the same
-- state of an account. There is no foreign key: posting has locked both accounts already, and the audit looks for orphans.
CREATE TABLE transfers (
    id UUID PRIMARY KEY,
    from_account_id BIGINT NOT NULL,
    to_account_id BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    from_version BIGINT NOT NULL,
    to_version BIGINT NOT NULL,
    from_balance_after BIGINT NOT NULL,
    to_balance_after BIGINT NOT NULL,
    memo TEXT,
    posted_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (from_account_id, from_version),
    UNIQUE (to_account_id, to_version)
);
