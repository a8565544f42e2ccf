BEGIN;
SELECT id, balance, overdraft_limit, version FROM accounts WHERE id IN (:payer, :receiver) ORDER BY id FOR UPDATE;
UPDATE accounts SET balance = balance - :amount, version = version + 1 WHERE id = :payer AND balance - :amount >= -overdraft_limit RETURNING balance AS payer_balance, version AS payer_version \gset
UPDATE accounts SET balance = balance + :amount, version = version + 1 WHERE id = :receiver RETURNING balance AS receiver_balance, version AS receiver_version \gset
INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, from_balance_after, to_balance_after, kind) VALUES (encode(substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) || substring(uuid_send(gen_random_uuid()) FROM 7), 'hex')::uuid, :payer, :receiver, :amount, :payer_version, :receiver_version, :payer_balance, :receiver_balance, 1);
COMMIT;
