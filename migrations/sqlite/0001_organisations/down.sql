DROP TABLE idempotency_keys;
DROP TABLE service_keys;
DROP TABLE signing_keys;
DROP TABLE key_challenges;
DROP TABLE used_assertions;
DROP TABLE clients;
DROP TABLE organisations;
