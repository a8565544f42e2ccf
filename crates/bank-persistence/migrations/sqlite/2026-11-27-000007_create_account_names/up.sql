-- Every name that leads to an account: the present ones and, for ever, the former ones.
CREATE TABLE account_names (
    name TEXT NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
