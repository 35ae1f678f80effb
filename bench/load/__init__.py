"""`make load`: the product under load, and what it costs a month (docs/load.md, docs/cost.md)."""
