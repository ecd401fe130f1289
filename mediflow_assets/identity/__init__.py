"""Who may log in, what they did, and the database that keeps both. Free of Spark, for the gateway uses it."""
