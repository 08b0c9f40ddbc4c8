DROP TABLE deliveries;

DROP TABLE notices;
