DROP TABLE cosignatures;
DROP TABLE timestamps;
