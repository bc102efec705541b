"""Text of others: made safe, and what somebody meant who misspelt a word."""
