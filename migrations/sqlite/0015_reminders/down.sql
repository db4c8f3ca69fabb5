DROP INDEX requests_to_be_reminded_of;
DROP TABLE reminders;
