DROP TABLE deliveries;
DROP TABLE grants;
DROP TABLE comparisons;
DROP TABLE statements;
DROP TABLE leaves;
DROP TABLE log_head;
DROP TABLE products;
