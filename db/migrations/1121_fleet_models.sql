-- Fleet models that were learned: numbers, with what they were learned from. One judges once the model documents name it.
-- Never changed: what a model was learned from can be read as long as anything refers to it.
CREATE TABLE fleet_models (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL UNIQUE CHECK (version ~ '^[0-9a-f]{12}$'),
    asset_class text NOT NULL CHECK (length(asset_class) BETWEEN 1 AND 200),
    -- the sites whose fleet it is; empty: all
    sites text[] NOT NULL DEFAULT '{}'::text[],
    document jsonb NOT NULL,
    actor text NOT NULL,
    why text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX fleet_models_by_class ON fleet_models (asset_class, id);

CREATE FUNCTION fleet_models_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fleet model % cannot be changed', OLD.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'fleet_models_stay';
END
$$;
CREATE TRIGGER fleet_models_stay BEFORE UPDATE OR DELETE ON fleet_models
    FOR EACH ROW EXECUTE FUNCTION fleet_models_stay();
