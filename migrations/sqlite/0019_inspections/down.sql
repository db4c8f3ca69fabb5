DROP TABLE inspection_accesses;
DROP TABLE inspection_links;
DROP TABLE inspections;
