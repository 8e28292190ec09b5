-- How well each asset is by its model's newest look, and where that is heading. One row an asset, event times; the judge can
-- tell it anew at any time, so nothing is lost with it.
CREATE TABLE asset_health (
    asset_id    integer PRIMARY KEY REFERENCES assets,
    at          timestamptz NOT NULL,
    -- 0 to 100 %: the room that the worst signal has left to its limit
    index       double precision NOT NULL CHECK (index BETWEEN 0 AND 100),
    signal      text NOT NULL,
    value       double precision NOT NULL,
    limit_at    double precision NOT NULL,
    limit_known boolean NOT NULL,
    -- % a day, with the bounds of its 90 % interval
    change      double precision,
    change_low  double precision,
    change_high double precision,
    likely_at   timestamptz,
    earliest_at timestamptz,
    latest_at   timestamptz
);
