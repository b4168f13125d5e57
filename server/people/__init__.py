"""Who may come in: people with posts and scopes, their sessions, and the tokens of programs."""
