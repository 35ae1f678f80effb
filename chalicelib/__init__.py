"""Everything that is deployed, and nothing else."""
