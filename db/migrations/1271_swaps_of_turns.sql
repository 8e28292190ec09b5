-- Swaps of turns between people who are on call: asked by one, agreed to or declined by the other. One that was agreed to has
-- its overrides; the row stays, with who and when.
CREATE TABLE on_call_swaps (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rota_id integer NOT NULL REFERENCES on_call_rotas,
    layer text NOT NULL CHECK (length(layer) BETWEEN 1 AND 100),
    asker text NOT NULL REFERENCES users (name),
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    other text NOT NULL REFERENCES users (name),
    back_begins_at timestamptz,
    back_ends_at timestamptz,
    why text NOT NULL DEFAULT '' CHECK (length(why) <= 2000),
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'agreed', 'declined', 'withdrawn')),
    answered_at timestamptz,
    answered_by text,
    answer_why text NOT NULL DEFAULT '' CHECK (length(answer_why) <= 2000),
    CONSTRAINT on_call_swaps_of_two CHECK (asker <> other),
    CONSTRAINT on_call_swaps_last CHECK (begins_at < ends_at AND (back_begins_at IS NULL) = (back_ends_at IS NULL)
                                         AND back_begins_at < back_ends_at),
    CONSTRAINT on_call_swaps_answered CHECK ((state = 'asked') = (answered_at IS NULL) AND (answered_at IS NULL) = (answered_by IS NULL))
);
CREATE INDEX on_call_swaps_of_rota ON on_call_swaps (rota_id, id DESC);
CREATE INDEX on_call_swaps_of_asker ON on_call_swaps (asker);
CREATE INDEX on_call_swaps_of_other ON on_call_swaps (other) WHERE state = 'asked';
ALTER TABLE on_call_overrides ADD COLUMN swap_id integer REFERENCES on_call_swaps;

-- What happens to a swap is an event for whoever has to hear of it: the other when it is asked for or withdrawn, else who
-- asked.
CREATE FUNCTION event_of_swap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('rota.swap_' || NEW.state, r.site_id, NULL, NULL, s.code || '/' || r.code,
                         coalesce(NEW.answered_at, NEW.asked_at),
                         jsonb_build_object('rota', r.id, 'title', r.title, 'zone', coalesce(r.document->>'zone', 'UTC'), 'swap', NEW.id,
                                            'layer', NEW.layer, 'asker', NEW.asker, 'other', NEW.other, 'begins_at', NEW.begins_at,
                                            'ends_at', NEW.ends_at, 'back_begins_at', NEW.back_begins_at,
                                            'back_ends_at', NEW.back_ends_at,
                                            'to', CASE WHEN NEW.state IN ('asked', 'withdrawn') THEN NEW.other ELSE NEW.asker END,
                                            'actor', coalesce(NEW.answered_by, 'person:' || NEW.asker),
                                            'why', CASE WHEN NEW.state = 'asked' THEN NEW.why ELSE NEW.answer_why END))
    FROM on_call_rotas r JOIN sites s ON s.id = r.site_id WHERE r.id = NEW.rota_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER on_call_swaps_make_events AFTER INSERT OR UPDATE OF state ON on_call_swaps FOR EACH ROW EXECUTE FUNCTION event_of_swap();
