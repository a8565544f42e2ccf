-- The first schema has no place for closed accounts and for several currencies.
DELETE FROM accounts;
ALTER TABLE accounts
    DROP CONSTRAINT upgrade_unfinished,
    DROP CONSTRAINT accounts_within_limit,
    ADD CONSTRAINT accounts_check CHECK (balance >= -overdraft_limit),
    ADD CONSTRAINT accounts_name_key UNIQUE (name),
    DROP COLUMN held,
    DROP COLUMN status,
    DROP COLUMN currency,
    ALTER COLUMN country SET NOT NULL,
    ALTER COLUMN age SET NOT NULL;
