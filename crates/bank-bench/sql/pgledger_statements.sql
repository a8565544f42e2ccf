BEGIN;
SELECT id FROM accounts WHERE id = least('account_' || :payer, 'account_' || :receiver) FOR UPDATE;
SELECT id FROM accounts WHERE id = greatest('account_' || :payer, 'account_' || :receiver) FOR UPDATE;
UPDATE accounts SET balance = balance - :amount, version = version + 1, updated_at = now() WHERE id = 'account_' || :payer RETURNING balance AS payer_balance, version AS payer_version \gset
UPDATE accounts SET balance = balance + :amount, version = version + 1, updated_at = now() WHERE id = 'account_' || :receiver RETURNING balance AS receiver_balance, version AS receiver_version \gset
INSERT INTO transfers (from_account_id, to_account_id, amount) VALUES ('account_' || :payer, 'account_' || :receiver, :amount) RETURNING id AS transfer \gset
INSERT INTO entries (account_id, transfer_id, amount, balance_before, balance_after, account_version) VALUES ('account_' || :payer, :transfer, -:amount::numeric, :payer_balance::numeric + :amount, :payer_balance, :payer_version);
INSERT INTO entries (account_id, transfer_id, amount, balance_before, balance_after, account_version) VALUES ('account_' || :receiver, :transfer, :amount, :receiver_balance::numeric - :amount, :receiver_balance, :receiver_version);
COMMIT;
