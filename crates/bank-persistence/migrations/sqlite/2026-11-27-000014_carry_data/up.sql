-- No schema change: what the new tables must hold for the accounts that exist.
INSERT INTO currencies (code, scale) VALUES ('XXX', 0);
INSERT INTO ledger (id, default_currency, state) VALUES (1, 'XXX', 'ready');
INSERT INTO account_names (name, account_id) SELECT name, id FROM accounts;
