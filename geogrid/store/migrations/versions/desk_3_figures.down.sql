DROP INDEX ix_clocks_clock_due_at;
