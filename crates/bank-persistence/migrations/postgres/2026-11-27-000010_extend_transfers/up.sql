-- kind: 1 payment, 2 reversal, 3 hold, 4 capture, 5 release. A hold and a release leave the receiving account as it is.
-- from_held_after is null for 0.
ALTER TABLE transfers
    ALTER COLUMN to_version DROP NOT NULL,
    ALTER COLUMN to_balance_after DROP NOT NULL,
    ADD COLUMN kind SMALLINT NOT NULL DEFAULT 1,
    ADD COLUMN related_id UUID,
    ADD COLUMN group_id UUID,
    ADD COLUMN value_date DATE,
    ADD COLUMN from_held_after BIGINT,
    ADD CONSTRAINT transfers_credit CHECK (
        (to_version IS NULL) = (kind IN (3, 5)) AND (to_balance_after IS NULL) = (kind IN (3, 5))
    );
