-- Every name that leads to an account: the present ones and, for ever, the former ones.
CREATE TABLE account_names (
    name TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL
);
