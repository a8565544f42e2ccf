DROP INDEX transfers_group_id;
