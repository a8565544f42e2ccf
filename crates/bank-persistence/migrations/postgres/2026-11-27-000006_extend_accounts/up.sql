-- status: 1 open, 2 frozen, 3 closed. Names are unique in account_names, which keeps former names, too.
-- upgrade_unfinished keeps every program from opening accounts and posting until the last step of the upgrade.
ALTER TABLE accounts
    ALTER COLUMN age DROP NOT NULL,
    ALTER COLUMN country DROP NOT NULL,
    ADD COLUMN currency TEXT NOT NULL DEFAULT 'XXX',
    ADD COLUMN status SMALLINT NOT NULL DEFAULT 1,
    ADD COLUMN held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    DROP CONSTRAINT accounts_name_key,
    DROP CONSTRAINT accounts_check,
    ADD CONSTRAINT accounts_within_limit CHECK (balance - held >= -overdraft_limit),
    ADD CONSTRAINT upgrade_unfinished CHECK (false) NOT VALID;
