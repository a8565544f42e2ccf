-- bank runs code in place of this: the first edition kept the link of a reversal in its memo, and telling it from a typed
-- memo takes the id that is derived from the original's.
SELECT 1;
