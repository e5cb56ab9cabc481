"""What each mail client does with the HTML and CSS of an email: the table, the uses found in a page, the verdicts."""
