"""What the commands do, without their words: a home, its health and status, its services, models, deliveries."""
