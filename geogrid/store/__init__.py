"""What is remembered: the only room with SQL that changes a row or answers for one event."""
