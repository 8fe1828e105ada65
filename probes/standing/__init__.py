"""What stays until somebody changes it, of hosts and clouds: for a sweep to hold it against a baseline."""
