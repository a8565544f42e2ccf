-- All migrations of a file run in one transaction, so no program can post in between.
SELECT 1;
