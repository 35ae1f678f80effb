"""`make bench`: measure the API against peers. Never deployed."""
