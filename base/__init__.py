"""The floor every room stands on: errors, bilingual text, inert text, kinds of values, folders. Next to no I/O."""
