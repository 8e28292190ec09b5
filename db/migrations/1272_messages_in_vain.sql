-- Whether somebody who sees these sites (NULL: all) still sees what an event is about: of a site, of the whole plant, or what a
-- message asks them, which may be of several sites.
CREATE FUNCTION still_sees(sites text[], site text, kind text, data jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT sites IS NULL OR kind = 'receiver.test' OR CASE
        WHEN site IS NOT NULL THEN site = ANY(sites)
        WHEN kind = 'escalation.asked' THEN NOT EXISTS (SELECT FROM jsonb_array_elements(data->'items') i WHERE i->>'site' <> ALL(sites))
        ELSE false END
$$;
