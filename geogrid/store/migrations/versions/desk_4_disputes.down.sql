DROP TABLE guiding_cases;

DROP TABLE referrals;

DROP TABLE confirmations;

DROP TABLE performances;

DROP TABLE agreements;

DROP TABLE mediation_sessions;

DROP TABLE dispute_recusals;

DROP TABLE mediators;

DROP TABLE dispute_consents;

DROP TABLE dispute_parties;

DROP TABLE disputes;
