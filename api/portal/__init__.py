"""Requests without login: an application of its own, mounted at /r or served alone."""
