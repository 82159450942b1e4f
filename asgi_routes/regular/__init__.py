"""Regular expressions as automata.

Nothing here knows of routes: text is read to programs, programs become automata, and a search over
several automata finds a text that some match and others do not.

Nothing is imported here, so that parsing a route does not load the automata, which only
`asgi_routes.inspection.check` needs.
"""
