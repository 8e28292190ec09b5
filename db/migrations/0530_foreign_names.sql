-- Which foreign name has which code: a site (no asset), an asset (no signal) or a signal. Whoever came first keeps it,
-- so that two different names never become one asset or signal, whenever the engine is started again.
CREATE TABLE foreign_names (
    site   text NOT NULL,
    asset  text NOT NULL,
    signal text NOT NULL,
    name   text NOT NULL,
    PRIMARY KEY (site, asset, signal)
);
