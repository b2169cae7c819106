"""What the command line can do: a module a command.

``HELP`` says what it does; ``arguments`` declares what it takes beside ``--json``; ``run`` gives the exit code, and
imports what is heavy only then: ``planner --help`` imports every module here.
"""
