"""A question to the store, answered once, for the command line, the client, REST and the pages."""
