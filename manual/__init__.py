"""Pages of the documentation that are made from the program itself: commands, settings, routes, messages."""
