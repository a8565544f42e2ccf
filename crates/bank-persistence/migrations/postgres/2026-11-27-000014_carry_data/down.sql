DELETE FROM account_names;
DELETE FROM ledger;
DELETE FROM currencies;
