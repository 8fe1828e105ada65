"""What can be seen of FRR: its BGP sessions, and whether what runs is what its file says. Only vtysh's `show`."""
