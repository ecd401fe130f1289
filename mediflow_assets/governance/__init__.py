"""Keys, users and what else decides who sees what. Spark-free, so that the gateway may use it."""
