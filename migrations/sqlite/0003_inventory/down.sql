DROP TABLE requests;
DROP TABLE systems;
