-- Whoever is behind somebody as history names them: a key is its maker's, and a key that this key made too. Who makes keys at
-- a terminal makes them for others, so is behind none.
CREATE FUNCTION behind(actor text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known (who) AS (
        SELECT actor
        UNION
        SELECT k.created_by FROM known JOIN api_keys k ON known.who = 'key:' || k.name
    )
    SELECT who FROM known WHERE who = actor OR who NOT LIKE ALL (ARRAY['system:%', '% (terminal)'])
$$;

-- A key is no second person beside who made it.
CREATE FUNCTION safety_proposals_take_two_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT behind(new.decided_by) INTERSECT SELECT behind(new.proposed_by)) THEN
        RAISE EXCEPTION '% and % are one person''s', new.proposed_by, new.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'safety_proposals_take_two_people';
    END IF;
    RETURN new;
END
$$;

CREATE TRIGGER safety_proposals_take_two_people BEFORE UPDATE OF verdict, decided_by ON safety_proposals
    FOR EACH ROW WHEN (new.verdict = 'confirmed' AND new.decided_by <> new.proposed_by)
    EXECUTE FUNCTION safety_proposals_take_two_people();
