"""Training: models from Gold features to a registered, gated, explainable, served version."""
