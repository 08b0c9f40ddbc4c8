DROP TABLE outside_messages;

DROP TABLE outside_orders;
