-- For the former names of an account.
CREATE INDEX account_names_account_id ON account_names (account_id);
