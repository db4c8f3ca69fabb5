ALTER TABLE inspection_links DROP COLUMN agent_id;
ALTER TABLE inspections DROP COLUMN agent_id;
ALTER TABLE records DROP COLUMN agent_id;
