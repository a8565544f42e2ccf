-- The first schema has no place for holds.
DELETE FROM transfers;
ALTER TABLE transfers
    DROP CONSTRAINT transfers_credit,
    DROP COLUMN from_held_after,
    DROP COLUMN value_date,
    DROP COLUMN group_id,
    DROP COLUMN related_id,
    DROP COLUMN kind,
    ALTER COLUMN to_balance_after SET NOT NULL,
    ALTER COLUMN to_version SET NOT NULL;
