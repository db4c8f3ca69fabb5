DROP TABLE tries;
DROP TABLE sessions;
DROP TABLE user_links;
DROP TABLE recovery_codes;
DROP TABLE enrolments;
DROP TABLE users;
