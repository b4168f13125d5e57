"""Who asks which device that runs no agent, and who takes over when that collector is gone."""
