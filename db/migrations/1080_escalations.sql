-- Documents of a site that people write, by version: the newest one is in force, until it is retired.
CREATE TABLE site_documents (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    kind text NOT NULL CHECK (kind IN ('escalation_policy')),
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    version integer NOT NULL CHECK (version >= 1),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    UNIQUE (site_id, kind, code)
);

-- What a document was, from when on, by whom and why; without content it is retired from then on.
CREATE TABLE site_document_versions (
    document_id integer NOT NULL REFERENCES site_documents,
    version integer NOT NULL CHECK (version >= 1),
    document jsonb,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '' CHECK (length(why) <= 2000),
    PRIMARY KEY (document_id, version)
);

CREATE FUNCTION site_document_versions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % of document % cannot be changed', OLD.version, OLD.document_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'site_document_versions_stay';
END
$$;
CREATE TRIGGER site_document_versions_stay BEFORE UPDATE OR DELETE ON site_document_versions
    FOR EACH ROW EXECUTE FUNCTION site_document_versions_stay();

CREATE FUNCTION event_of_site_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event(d.kind || '.' || CASE WHEN NEW.document IS NULL THEN 'retired' WHEN NEW.version = 1 THEN 'added'
                                          ELSE 'changed' END,
                         d.site_id, NULL, NULL, s.code || '/' || d.code, NEW.made_at,
                         jsonb_build_object('document', d.id, 'title', d.title, 'version', NEW.version, 'actor', NEW.made_by,
                                            'why', NEW.why))
    FROM site_documents d JOIN sites s ON s.id = d.site_id WHERE d.id = NEW.document_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER site_documents_make_events AFTER INSERT ON site_document_versions
    FOR EACH ROW EXECUTE FUNCTION event_of_site_document();

-- An order or alarm about which people are asked, step by step, until one of them has acknowledged.
CREATE TABLE escalations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    document_id integer NOT NULL,
    version integer NOT NULL,
    cause text NOT NULL CHECK (cause IN ('order', 'alarm', 'engine')),
    cause_key text NOT NULL,
    order_id uuid REFERENCES work_orders,
    asset_id integer REFERENCES assets,
    subject text NOT NULL,
    title text NOT NULL,
    began_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'acknowledged', 'unanswered', 'over')),
    state_since timestamptz NOT NULL,
    taken smallint NOT NULL DEFAULT 0 CHECK (taken >= 0),
    due_at timestamptz,
    answered_by text,
    how text,
    FOREIGN KEY (document_id, version) REFERENCES site_document_versions,
    CONSTRAINT escalations_running_is_due CHECK ((state = 'running') = (due_at IS NOT NULL)),
    CONSTRAINT escalations_acknowledged_by CHECK (state <> 'acknowledged' OR answered_by IS NOT NULL),
    CONSTRAINT escalations_of_order CHECK ((cause = 'order') = (order_id IS NOT NULL))
);
-- An alarm that comes again while people are asked about it begins no second escalation; an order is escalated once.
CREATE UNIQUE INDEX escalations_one_at_a_time ON escalations (cause_key) WHERE state IN ('running', 'unanswered');
CREATE UNIQUE INDEX escalations_one_of_order ON escalations (order_id);
CREATE INDEX escalations_due ON escalations (due_at) WHERE state = 'running';
CREATE INDEX escalations_newest ON escalations (site_id, id);

-- Who is asked, and what they answered. ``message_id`` is the message that asks them; none: it has not been made yet.
CREATE TABLE escalation_asks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    escalation_id bigint NOT NULL REFERENCES escalations,
    user_name text NOT NULL REFERENCES users (name),
    step smallint NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text,
    message_id uuid,
    sent_at timestamptz,
    answer text CHECK (answer IN ('acknowledge', 'decline', 'hand_on')),
    answered_at timestamptz,
    how text,
    why text NOT NULL DEFAULT '' CHECK (length(why) <= 2000),
    UNIQUE (escalation_id, user_name, step),
    CHECK ((message_id IS NULL) = (sent_at IS NULL)),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
);
CREATE INDEX escalation_asks_waiting ON escalation_asks (user_name) WHERE message_id IS NULL;
CREATE INDEX escalation_asks_sent ON escalation_asks (user_name, sent_at);
CREATE INDEX escalation_asks_of_message ON escalation_asks (message_id);

-- Links of messages, each for one person: they acknowledge without signing in. Only what a token's hash is like is known.
CREATE TABLE escalation_links (
    token_sha256 bytea PRIMARY KEY,
    message_id uuid NOT NULL,
    user_name text NOT NULL REFERENCES users (name),
    expires_at timestamptz NOT NULL
);
CREATE INDEX escalation_links_expire ON escalation_links (expires_at);
