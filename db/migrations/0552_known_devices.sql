-- Browsers from which somebody has signed in: a stranger's wrong guesses do not slow their owner down there.
CREATE TABLE known_devices (
    token_sha256 bytea NOT NULL,
    user_name    text NOT NULL REFERENCES users ON DELETE CASCADE,
    used_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_name, token_sha256)
);
