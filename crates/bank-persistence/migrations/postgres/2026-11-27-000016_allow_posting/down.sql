ALTER TABLE accounts
    ALTER COLUMN currency SET DEFAULT 'XXX',
    ADD CONSTRAINT upgrade_unfinished CHECK (false) NOT VALID;
