DROP TABLE tiers;

DROP TABLE list_items;

DROP TABLE duties;
