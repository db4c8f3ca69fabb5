-- From which organisation it was done, where that acted for the institution by its mandate.
ALTER TABLE records ADD COLUMN agent_id TEXT;
ALTER TABLE inspections ADD COLUMN agent_id TEXT;
ALTER TABLE inspection_links ADD COLUMN agent_id TEXT;
