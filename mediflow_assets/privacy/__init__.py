"""What keeps patients from being found: leak scan, risk report, export, re-identification, key rotation, erasure."""
