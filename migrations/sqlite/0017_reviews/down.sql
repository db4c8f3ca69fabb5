DROP TABLE measure_templates;
DROP TABLE risk_matrices;
DROP TABLE review_reminders;
DROP TABLE review_changes;
DROP TABLE reviews;
