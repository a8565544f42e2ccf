-- The files of transfers that the ledger remembers: a reference belongs to one content. The key is the reference without
-- differences of case, width and white space; the derivation says how the lines got their ids, and never changes.
CREATE TABLE batches (
    reference_key TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL,
    digest BLOB NOT NULL,
    lines INTEGER NOT NULL,
    derivation INTEGER NOT NULL,
    recorded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
