"""What Windows says of itself: its System log, services, how it stopped. Tested on recordings, never run on Windows."""
