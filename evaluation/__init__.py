"""How well replies are read: labelled replies, the scorer, and what others would have read. See evaluation/README.md."""
