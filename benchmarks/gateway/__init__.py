"""The gateway under load and under attack."""
