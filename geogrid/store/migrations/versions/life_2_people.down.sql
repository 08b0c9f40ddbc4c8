DROP TABLE login_failures;

DROP TABLE api_keys;

DROP TABLE sessions;

DROP TABLE posts;

DROP TABLE teams;

DROP TABLE people;
