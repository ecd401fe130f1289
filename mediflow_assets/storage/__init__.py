"""How tables are stored: the engine seam, Delta, landing, the ledger, the lease, maintenance. No rule of content."""
