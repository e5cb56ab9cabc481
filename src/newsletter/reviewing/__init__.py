"""An issue as one file for those who review it."""
