"""The floor every room stands on: errors, bilingual text, inert text, value types and folders. No I/O."""
