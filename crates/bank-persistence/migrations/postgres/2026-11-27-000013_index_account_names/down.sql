DROP INDEX account_names_account_id;
