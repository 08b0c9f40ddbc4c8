DROP TABLE follow_codes;

DROP TABLE window_tickets;
