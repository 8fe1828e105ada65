"""What one Linux host says of itself: its links, routes, sysctls, firewall and counters."""
