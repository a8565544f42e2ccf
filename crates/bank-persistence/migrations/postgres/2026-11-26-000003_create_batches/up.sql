-- The files of transfers that the ledger remembers: a reference belongs to one content. The key is the reference without
-- differences of case, width and white space; the derivation says how the lines got their ids, and never changes.
CREATE TABLE batches (
    reference_key TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    digest BYTEA NOT NULL,
    lines BIGINT NOT NULL,
    derivation SMALLINT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
