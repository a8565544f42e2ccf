ALTER TABLE accounts DROP CONSTRAINT upgrade_unfinished, ALTER COLUMN currency DROP DEFAULT;
