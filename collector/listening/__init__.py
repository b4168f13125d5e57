"""What traps and syslog share: who an address is, how much of it is heard, and a process of their own."""
