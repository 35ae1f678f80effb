"""Figures of speed, load and cost: `make bench`, `make load` and `make cost`. Never deployed."""
