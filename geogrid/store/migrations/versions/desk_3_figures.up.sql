CREATE INDEX ix_clocks_clock_due_at ON clocks (clock, due_at);
