DROP TABLE enterprise_events;

DROP TABLE enterprise_visits;

DROP TABLE enterprises;
