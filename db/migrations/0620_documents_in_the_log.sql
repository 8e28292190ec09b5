-- What decisions depend on are also the rulebook, the models, and which rules judge in shadow. Their own histories have
-- the documents; the log of changes has who, when and why, with the number of the version, in the order of all changes.
CREATE FUNCTION append_change_of_documents(e judge_events) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made_by text := coalesce(nullif(e.actor, ''), 'system:plant');
    number bigint;
BEGIN
    IF e.kind = 'rule_shadow' THEN
        PERFORM append_change(e.recorded_at, made_by, 'rule', e.payload ->> 'rule', NULL, NULL, 'changed',
                              jsonb_build_object('in_shadow', NOT (e.payload ->> 'shadow')::boolean),
                              jsonb_build_object('in_shadow', (e.payload ->> 'shadow')::boolean), coalesce(e.why, ''));
        RETURN;
    END IF;
    SELECT count(*) INTO number FROM judge_events WHERE kind = e.kind AND id <= e.id;
    PERFORM append_change(e.recorded_at, made_by, 'document', e.kind, NULL, NULL,
                          CASE number WHEN 1 THEN 'added' ELSE 'changed' END,
                          CASE number WHEN 1 THEN '{}' ELSE jsonb_build_object('version', number - 1) END,
                          jsonb_build_object('version', number), coalesce(e.why, ''));
END
$$;

-- What there was until now goes into the log as it was, after what the log has.
DO $$
BEGIN
    PERFORM append_change_of_documents(e) FROM (
        SELECT * FROM judge_events WHERE kind IN ('rulebook', 'models', 'rule_shadow') ORDER BY id
    ) AS e;
END
$$;

CREATE FUNCTION log_change_of_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_change_of_documents(NEW);
    RETURN NULL;
END
$$;
CREATE TRIGGER document_changes_are_logged AFTER INSERT ON judge_events
    FOR EACH ROW WHEN (NEW.kind IN ('rulebook', 'models', 'rule_shadow')) EXECUTE FUNCTION log_change_of_documents();
