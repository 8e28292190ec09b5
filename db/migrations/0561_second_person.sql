-- Job plans are of the plant (site_id NULL) or of a site, whose own come first.
ALTER TABLE job_plans
    ADD COLUMN site_id integer REFERENCES sites,
    DROP CONSTRAINT job_plans_pkey,
    ADD CONSTRAINT job_plans_versions UNIQUE NULLS NOT DISTINCT (site_id, code, version);

-- Changes of safety facts, which one person proposes and another one confirms. What they are about is an asset, or a job
-- plan of a site or of the plant.
CREATE TABLE safety_proposals (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id    integer REFERENCES assets,
    site_id     integer REFERENCES sites,
    plan        text,
    -- What it was when this was proposed; confirmed is only what is so still.
    was         jsonb NOT NULL,
    change      jsonb NOT NULL,
    why         text NOT NULL CHECK (why <> ''),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by  text,
    decided_at  timestamptz,
    verdict     text CHECK (verdict IN ('confirmed', 'rejected')),
    CONSTRAINT safety_proposals_are_about_one_thing CHECK ((asset_id IS NULL) <> (plan IS NULL)),
    CONSTRAINT safety_proposals_are_decided_whole CHECK (num_nonnulls(verdict, decided_by, decided_at) IN (0, 3)),
    -- The promise of the second person. Who proposed it may take it back.
    CONSTRAINT safety_proposals_take_two CHECK (verdict <> 'confirmed' OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX safety_proposals_one_waiting_of_an_asset ON safety_proposals (asset_id)
    WHERE verdict IS NULL AND asset_id IS NOT NULL;
CREATE UNIQUE INDEX safety_proposals_one_waiting_of_a_plan ON safety_proposals (site_id, plan) NULLS NOT DISTINCT
    WHERE verdict IS NULL AND plan IS NOT NULL;

-- Whether work on an asset was safety-critical at some time since the order was recorded.
CREATE INDEX changes_from_safety_critical ON changes (asset_id, at)
    WHERE kind = 'asset' AND old @> '{"safety_critical": true}';
