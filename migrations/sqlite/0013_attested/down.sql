DROP TABLE attested_statements;
