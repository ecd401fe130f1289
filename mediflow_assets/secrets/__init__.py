"""Keys: files of random bytes, readable by their owner only, without a default value. No lake, no database."""
