"""How deliveries come in: the inbox, landing in Bronze, the ledger, and what is refused on arrival."""
