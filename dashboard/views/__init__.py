"""One file per page. A page lays out what `figures` computed; it computes nothing itself."""
