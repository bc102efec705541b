"""Sites and nights: when something can be observed."""
