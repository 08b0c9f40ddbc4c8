"""What ought to happen: rules without geometry, database or clock of their own."""
