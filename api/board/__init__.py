"""The pages for planners and technicians: rendered on the server, refreshed by a small script, no build step."""
