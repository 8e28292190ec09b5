-- A site's money is in one currency (ISO 4217). What is priced names it too, so that a site's currency cannot change under
-- amounts that were written in another: they are removed first.
ALTER TABLE sites ADD COLUMN currency text CHECK (currency ~ '^[A-Z]{3}$');
ALTER TABLE sites ADD CONSTRAINT sites_currency_key UNIQUE (id, currency);
CREATE TRIGGER site_currencies_are_logged AFTER UPDATE OF currency ON sites
    FOR EACH ROW EXECUTE FUNCTION log_change('site');

-- What an hour of a trade costs from a day on; the skill '' is work for which no trade is said.
CREATE TABLE labour_rates (
    site_id integer NOT NULL,
    currency text NOT NULL,
    skill text NOT NULL DEFAULT '' CHECK (length(skill) <= 200),
    from_date date NOT NULL,
    per_hour numeric(16, 4) NOT NULL CHECK (per_hour >= 0),
    PRIMARY KEY (site_id, skill, from_date),
    FOREIGN KEY (site_id, currency) REFERENCES sites (id, currency)
);

ALTER TABLE order_parts
    ADD COLUMN unit_cost numeric(16, 4) CHECK (unit_cost >= 0),
    ADD COLUMN currency text CHECK (currency ~ '^[A-Z]{3}$'),
    ADD CONSTRAINT order_parts_cost_has_a_currency CHECK ((unit_cost IS NULL) = (currency IS NULL));

-- What failures, standstill and wasted visits cost: of an asset, of a class, or (neither) of the whole site.
CREATE TABLE cost_models (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL,
    currency text NOT NULL,
    asset_id integer REFERENCES assets (id),
    class text,
    failure numeric(16, 4) CHECK (failure >= 0),
    down_hour numeric(16, 4) CHECK (down_hour >= 0),
    failure_hours numeric(10, 2) CHECK (failure_hours >= 0),
    wasted_visit numeric(16, 4) CHECK (wasted_visit >= 0),
    notice_hours numeric(10, 2) CHECK (notice_hours >= 0),
    CONSTRAINT cost_models_of_one CHECK (asset_id IS NULL OR class IS NULL),
    CONSTRAINT cost_models_once UNIQUE NULLS NOT DISTINCT (site_id, asset_id, class),
    FOREIGN KEY (site_id, currency) REFERENCES sites (id, currency)
);

-- Who may see money without a role for it.
ALTER TABLE users ADD COLUMN sees_costs boolean NOT NULL DEFAULT false;

CREATE FUNCTION log_change_of_money() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind text := TG_ARGV[0];
    r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    was jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - ARRAY['id', 'site_id', 'asset_id'] END;
    becomes jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - ARRAY['id', 'site_id', 'asset_id'] END;
    of_site text;
    called text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;
    SELECT code INTO of_site FROM sites WHERE id = (r ->> 'site_id')::integer;
    called := concat_ws('/', of_site, coalesce((SELECT code FROM assets WHERE id = (r ->> 'asset_id')::integer),
                                               r ->> 'class', nullif(r ->> 'skill', '')));
    PERFORM append_change(now(), coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant'),
                          kind, called, of_site, (r ->> 'asset_id')::integer,
                          CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
                          was, becomes, coalesce(current_setting('plantwright.why', true), ''));
    RETURN NULL;
END
$$;
CREATE TRIGGER labour_rate_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON labour_rates
    FOR EACH ROW EXECUTE FUNCTION log_change_of_money('labour rate');
CREATE TRIGGER cost_model_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON cost_models
    FOR EACH ROW EXECUTE FUNCTION log_change_of_money('cost model');

-- What parts cost is not for everybody who sees the order, so it is no event.
DROP TRIGGER order_history_makes_events ON order_history;
CREATE TRIGGER order_history_makes_events AFTER INSERT ON order_history
    FOR EACH ROW WHEN (NEW.step <> 'prices') EXECUTE FUNCTION event_of_order();
