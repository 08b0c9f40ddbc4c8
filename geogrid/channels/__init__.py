"""How reports come in: payload -> Report, pure; one file a channel, one registry."""
