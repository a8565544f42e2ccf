-- The holds that are open. A row changes only under the lock of its paying account, whose held amount is their sum.
CREATE TABLE holds (
    account_id BIGINT NOT NULL,
    transfer_id UUID NOT NULL,
    to_account_id BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    expires_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, transfer_id)
);
