"""Kubernetes: the connection to a cluster's API, and the probes that ask it."""
