"""What the name system says of a sender's domain, judged."""
