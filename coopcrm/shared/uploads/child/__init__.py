"""What runs in the child process; see ``__main__.py``. The parent imports ``limits`` alone."""
