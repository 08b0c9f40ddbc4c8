DROP TABLE assessment_appeals;

DROP TABLE assessment_months;

DROP TABLE assessment_lines;

DROP INDEX ix_steps_at;
