"""What happens between two machines: packets sent now, counters read around them, routes followed hop by hop."""
