"""A notice board: a JSON API, chat rooms, static files and an admin area, as the tutorial builds them."""
