"""The pages that planners and technicians look at: rendered here, refreshed by a little script, no build step."""
