-- What was changed on an account, in the order of the numbers. Rows are only added.
CREATE TABLE account_changes (
    account_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    change TEXT NOT NULL,
    before TEXT,
    after TEXT,
    note TEXT,
    changed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, number)
);
