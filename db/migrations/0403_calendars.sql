-- When a site works, and what it has promised. A site without a calendar works round the clock.
CREATE TABLE site_calendars (
    site_id     integer PRIMARY KEY REFERENCES sites,
    -- Public holidays of a country and a part of it, by the codes of ISO 3166; none: no public holidays.
    country     text,
    subdivision text,
    -- [{weekdays: [1], start: "06:00", end: "14:00"}] on the site's clock
    shifts      jsonb NOT NULL,
    -- The site's own days off, and public holidays on which it works.
    closed_on   date[] NOT NULL DEFAULT '{}',
    works_on    date[] NOT NULL DEFAULT '{}',
    changed_by  text NOT NULL,
    changed_at  timestamptz NOT NULL
);
CREATE TABLE site_targets (
    site_id            integer NOT NULL REFERENCES sites,
    priority           smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    response_minutes   integer NOT NULL CHECK (response_minutes > 0),
    completion_minutes integer NOT NULL CHECK (completion_minutes >= response_minutes),
    -- Whether only working hours count.
    working            boolean NOT NULL,
    PRIMARY KEY (site_id, priority)
);
