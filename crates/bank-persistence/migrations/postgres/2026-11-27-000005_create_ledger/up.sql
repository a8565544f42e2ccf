-- One row: what holds for the ledger as a whole. copied_from says which ledger an unfinished copy is made from.
CREATE TABLE ledger (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    default_currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'copying', 'closed', 'spreading')),
    copied_from TEXT
);
