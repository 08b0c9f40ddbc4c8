"""The host names of this machine alone: until accounts exist, nothing else is bound, served or listened to."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
