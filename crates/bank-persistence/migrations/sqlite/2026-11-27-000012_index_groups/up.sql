CREATE INDEX transfers_group_id ON transfers (group_id) WHERE group_id IS NOT NULL;
