"""What runs in a browser: an entry, like `cli`."""
