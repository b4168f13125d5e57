"""The centre's certificate: made or brought, kept, renewed, and served with."""
