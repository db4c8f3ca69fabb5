DROP TABLE requirement_sets;
