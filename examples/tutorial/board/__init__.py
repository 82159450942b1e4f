"""A notice board: JSON API, chat rooms, static files and an admin area; see the tutorial."""
