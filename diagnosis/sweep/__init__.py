"""All trees at once, over one store of evidence."""
