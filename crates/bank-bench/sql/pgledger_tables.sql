-- The design of pgledger, written for this benchmark: accounts with a version, transfers, an entry for each side of a
-- transfer, ids that are texts and grow with time, indexed foreign keys, and a function that posts in one call.
CREATE FUNCTION new_id(prefix TEXT) RETURNS TEXT LANGUAGE sql VOLATILE AS $$
    SELECT prefix || '_' || encode(
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            || substring(uuid_send(gen_random_uuid()) FROM 7), 'hex')
$$;
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    balance NUMERIC NOT NULL,
    version BIGINT NOT NULL DEFAULT 0,
    may_be_negative BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE transfers (
    id TEXT PRIMARY KEY DEFAULT new_id('transfer'),
    from_account_id TEXT NOT NULL REFERENCES accounts (id),
    to_account_id TEXT NOT NULL REFERENCES accounts (id),
    amount NUMERIC NOT NULL CHECK (amount > 0),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    event_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (from_account_id <> to_account_id)
);
CREATE INDEX ON transfers (from_account_id);
CREATE INDEX ON transfers (to_account_id);
CREATE INDEX ON transfers (event_at);
CREATE TABLE entries (
    id TEXT PRIMARY KEY DEFAULT new_id('entry'),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    transfer_id TEXT NOT NULL REFERENCES transfers (id),
    amount NUMERIC NOT NULL,
    balance_before NUMERIC NOT NULL,
    balance_after NUMERIC NOT NULL,
    account_version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX ON entries (account_id);
CREATE INDEX ON entries (transfer_id);
CREATE FUNCTION post_transfer(payer TEXT, receiver TEXT, moved NUMERIC) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    paying accounts;
    receiving accounts;
    transfer TEXT;
BEGIN
    PERFORM 1 FROM accounts WHERE id = least(payer, receiver) FOR UPDATE;
    PERFORM 1 FROM accounts WHERE id = greatest(payer, receiver) FOR UPDATE;
    UPDATE accounts SET balance = balance - moved, version = version + 1, updated_at = now() WHERE id = payer
        RETURNING * INTO paying;
    IF paying.balance < 0 AND NOT paying.may_be_negative THEN
        RAISE EXCEPTION 'account % may not be negative', payer;
    END IF;
    UPDATE accounts SET balance = balance + moved, version = version + 1, updated_at = now() WHERE id = receiver
        RETURNING * INTO receiving;
    INSERT INTO transfers (from_account_id, to_account_id, amount) VALUES (payer, receiver, moved)
        RETURNING id INTO transfer;
    INSERT INTO entries (account_id, transfer_id, amount, balance_before, balance_after, account_version)
        VALUES (payer, transfer, -moved, paying.balance + moved, paying.balance, paying.version);
    INSERT INTO entries (account_id, transfer_id, amount, balance_before, balance_after, account_version)
        VALUES (receiver, transfer, moved, receiving.balance - moved, receiving.balance, receiving.version);
    RETURN transfer;
END;
$$;
