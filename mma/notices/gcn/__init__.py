"""GCN's JSON notices of the unified schema."""
