-- Who is notified of what, by which channels and when: a site's policy by version, people's own settings, and messages that
-- wait, go together or are not sent, each with the reason.

ALTER TABLE receivers DROP CONSTRAINT receivers_channel_check;
ALTER TABLE receivers DROP CONSTRAINT receivers_webhooks_are_signed;
ALTER TABLE receivers DROP CONSTRAINT receivers_of_mail_are_people;
ALTER TABLE receivers
    ADD CONSTRAINT receivers_channel_check CHECK (channel IN ('webhook', 'email', 'ntfy', 'apprise', 'banner')),
    -- A webhook's secret signs; that of ntfy is its token, if it has one; that of apprise is the address with its tokens.
    ADD CONSTRAINT receivers_webhooks_are_signed CHECK ((secret IS NULL) = (secret_is_sealed IS NULL)
        AND (channel NOT IN ('webhook', 'apprise') OR secret IS NOT NULL) AND (channel NOT IN ('email', 'banner') OR secret IS NULL)),
    ADD CONSTRAINT receivers_of_mail_are_people CHECK ((channel <> 'webhook') = (user_name IS NOT NULL));
DROP INDEX receivers_one_a_person;
CREATE UNIQUE INDEX receivers_one_a_person ON receivers (user_name, channel) WHERE user_name IS NOT NULL AND deleted_at IS NULL;

-- held: it waits until due_at, to be sent together with what else is due then. gathered: it is part of the message of
-- ``lead``. withheld: it is not sent.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_end;
ALTER TABLE deliveries
    ADD COLUMN note text NOT NULL DEFAULT '',
    ADD COLUMN lead bigint,
    ADD COLUMN urgent boolean NOT NULL DEFAULT false,
    -- Whether the person has chosen it, not only the site's policy.
    ADD COLUMN chosen boolean NOT NULL DEFAULT true,
    -- When it became a message of its own.
    ADD COLUMN made_at timestamptz,
    -- By which a repetition is recognised.
    ADD COLUMN sameness text NOT NULL DEFAULT '',
    -- When a person has seen it in the page's banner.
    ADD COLUMN seen_at timestamptz,
    ADD CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'held', 'gathered', 'withheld', 'delivered', 'failed', 'skipped')),
    ADD CONSTRAINT deliveries_end CHECK ((state IN ('pending', 'held')) = (ended_at IS NULL)),
    ADD CONSTRAINT deliveries_gathered_into CHECK ((state = 'gathered') = (lead IS NOT NULL)),
    ADD CONSTRAINT deliveries_say_why CHECK (state <> 'withheld' OR note <> '');
UPDATE deliveries SET made_at = created_at;
CREATE INDEX deliveries_held ON deliveries (due_at) WHERE state = 'held';
CREATE INDEX deliveries_made ON deliveries (receiver_id, made_at) WHERE made_at IS NOT NULL;
CREATE INDEX deliveries_same ON deliveries (receiver_id, sameness, created_at) WHERE sameness <> '';
CREATE INDEX deliveries_of_lead ON deliveries (receiver_id, lead) WHERE lead IS NOT NULL;

-- A site's policy: the newest version is in force.
CREATE TABLE notification_policies (
    site_id integer NOT NULL REFERENCES sites,
    version integer NOT NULL CHECK (version >= 1),
    document jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '' CHECK (length(why) <= 2000),
    PRIMARY KEY (site_id, version)
);
CREATE FUNCTION notification_policies_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % of the notification policy cannot be changed', OLD.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notification_policies_stay';
END
$$;
CREATE TRIGGER notification_policies_stay BEFORE UPDATE OR DELETE ON notification_policies
    FOR EACH ROW EXECUTE FUNCTION notification_policies_stay();
CREATE FUNCTION event_of_notification_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('notification_policy.changed', NEW.site_id, NULL, NULL, s.code, NEW.made_at,
        jsonb_build_object('version', NEW.version, 'actor', NEW.made_by, 'why', NEW.why))
    FROM sites s WHERE s.id = NEW.site_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER notification_policies_make_events AFTER INSERT ON notification_policies
    FOR EACH ROW EXECUTE FUNCTION event_of_notification_policy();

-- What a person has chosen for all of their channels.
CREATE TABLE notification_settings (
    user_name text PRIMARY KEY REFERENCES users (name),
    off_kinds text[] NOT NULL DEFAULT '{}',
    quiet_begins time,
    quiet_ends time,
    zone text NOT NULL DEFAULT 'UTC',
    digest text NOT NULL DEFAULT 'at_once' CHECK (digest IN ('at_once', 'hourly', 'daily')),
    digest_at time NOT NULL DEFAULT '07:00',
    changed_at timestamptz NOT NULL,
    CONSTRAINT notification_settings_quiet CHECK ((quiet_begins IS NULL) = (quiet_ends IS NULL))
);

-- Ends of certificates that were reported, once each.
CREATE TABLE certificates_reported (
    technician_id integer NOT NULL REFERENCES technicians ON DELETE CASCADE,
    certificate text NOT NULL,
    valid_until date NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (technician_id, certificate, valid_until)
);
