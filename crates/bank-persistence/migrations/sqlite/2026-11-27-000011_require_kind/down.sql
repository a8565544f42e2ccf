-- The table was made without a default.
SELECT 1;
