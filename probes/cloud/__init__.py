"""OpenStack: the connection to a cloud, and the probes that look there."""
