"""The technician's app: a page that works without a network, its service worker, and what both are made of."""
