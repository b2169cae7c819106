"""What all tests share."""

import signal

# A test run in the background of a shell inherits an ignored SIGINT, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
