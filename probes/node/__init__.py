"""node.*: what a machine of a cluster says of itself, past its cluster's API."""
