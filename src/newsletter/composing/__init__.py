"""The blocks of an issue.yaml edited in place: text and an edit in, text out."""
