DROP TABLE announcements;
DROP TABLE events;
