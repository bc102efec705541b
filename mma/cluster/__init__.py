"""Real servers of one's own on one machine: a broker, token endpoint, certificates; and a simulated night on them."""
