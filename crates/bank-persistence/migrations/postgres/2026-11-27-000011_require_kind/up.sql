-- Without a default, a program of the first schema that still runs fails at its next transfer.
ALTER TABLE transfers ALTER COLUMN kind DROP DEFAULT;
