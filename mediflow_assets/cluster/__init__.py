"""The cluster's own part: its secrets, its databases, buckets and topics, and whether a service is healthy."""
