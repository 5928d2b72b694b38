"""Results for people: terminal tables now; html, xlsx and charts have their place here."""
