-- The schema as the migrations make it: generated, for reading. A test holds it to them.

CREATE FUNCTION public.absence_disrupts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO schedule_disruptions (site_id, kind, technician_id, starts_at, ends_at)
    VALUES (NEW.site_id, 'absence', NEW.technician_id, NEW.starts_at, NEW.ends_at);
    RETURN NULL;
END
$$;

CREATE FUNCTION public.announce_access() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('access', '');
    RETURN NULL;
END
$$;

CREATE FUNCTION public.announce_banner() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    reader text := (SELECT user_name FROM receivers WHERE id = NEW.receiver_id AND channel = 'banner');
BEGIN
    IF reader IS NOT NULL THEN PERFORM pg_notify('banner', reader); END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.append_change(made_at timestamp with time zone, made_by text, of_kind text, of_subject text, of_site text, of_asset integer, did text, was jsonb, becomes jsonb, because text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    of_chain uuid := md5(of_kind || ' ' || of_subject)::uuid;
    head change_heads;
    next_hash bytea;
BEGIN
    INSERT INTO change_heads AS h (chain, seq, hash) VALUES (of_chain, 0, '')
    ON CONFLICT (chain) DO UPDATE SET seq = h.seq RETURNING * INTO head;
    next_hash := history_hash(head.hash, of_chain, head.seq + 1, made_at, made_by, concat_ws(' ', of_kind, of_site, did),
                              was, becomes, because);
    INSERT INTO changes (chain, seq, at, actor, kind, subject, site, asset_id, what, old, new, why, hash)
    VALUES (of_chain, head.seq + 1, made_at, made_by, of_kind, of_subject, of_site, of_asset, did, was, becomes, because,
            next_hash);
    UPDATE change_heads SET seq = head.seq + 1, hash = next_hash WHERE chain = of_chain;
END
$$;

CREATE TABLE public.judge_events (
    id bigint NOT NULL,
    arrival bigint,
    kind text NOT NULL,
    asset_id integer,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    actor text NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    why text
);

CREATE FUNCTION public.append_change_of_documents(e public.judge_events) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.append_event(of_kind text, of_site integer, of_asset integer, of_order uuid, of_subject text, happened_at timestamp with time zone, told jsonb) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO new_events (kind, site_id, asset_id, order_id, subject, at, data)
    VALUES (of_kind, of_site, of_asset, of_order, of_subject, happened_at, told)
$$;

CREATE FUNCTION public.apply_movement() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE stock_levels SET on_hand = on_hand + NEW.quantity, reserved = reserved + NEW.reserved,
                            shortage = shortage + NEW.shortage
    WHERE item_id = NEW.item_id AND store_id = NEW.store_id;
    IF NEW.bin_id IS NOT NULL THEN
        INSERT INTO stock_bins (item_id, store_id, site_id, bin_id, lot, since)
        VALUES (NEW.item_id, NEW.store_id, NEW.site_id, NEW.bin_id, NEW.lot, NEW.id) ON CONFLICT DO NOTHING;
        UPDATE stock_bins SET since = CASE WHEN quantity = 0 THEN NEW.id ELSE since END,
                              quantity = quantity + NEW.quantity, shortage = shortage + NEW.shortage
        WHERE item_id = NEW.item_id AND bin_id = NEW.bin_id AND lot = NEW.lot;
    END IF;
    IF NEW.order_id IS NOT NULL THEN
        UPDATE reservations SET reserved = reserved + NEW.reserved,
            issued = issued + CASE WHEN NEW.kind IN ('issue', 'return') THEN NEW.shortage - NEW.quantity ELSE 0 END
        WHERE order_id = NEW.order_id AND line = NEW.line AND item_id = NEW.item_id AND store_id = NEW.store_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'order % has no line % of this item and store', NEW.order_id, NEW.line
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.area_of(asset integer) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE places AS (
        SELECT l.id, l.parent_id, l.code, l.level FROM installations i JOIN locations l ON l.id = i.location_id
        WHERE i.asset_id = asset AND i.removed_at IS NULL
        UNION ALL
        SELECT l.id, l.parent_id, l.code, l.level FROM locations l JOIN places p ON l.id = p.parent_id
    )
    SELECT s.code || '/' || p.code FROM places p JOIN assets a ON a.id = asset JOIN sites s ON s.id = a.site_id
    WHERE p.level = 'area' LIMIT 1
$$;

CREATE FUNCTION public.as_logged(kind text, r jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE kind
        WHEN 'asset' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM assets WHERE id = (r ->> 'parent_id')::integer), 'null'))
        WHEN 'place' THEN jsonb_set(r, '{location}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'location_id')::integer), 'null'))
        WHEN 'location' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'parent_id')::integer), 'null'))
        WHEN 'technician' THEN r || jsonb_build_object(
            'pattern', (SELECT code FROM shift_patterns WHERE id = (r ->> 'pattern_id')::integer),
            'depot', (SELECT code FROM locations WHERE id = (r ->> 'depot_id')::integer))
        ELSE r END
        - ARRAY['id', 'site_id', 'asset_id', 'signal_id', 'parent_id', 'location_id', 'last_number', 'actor', 'recorded_at',
                'changed_by', 'changed_at', 'made_by', 'made_at', 'pattern_id', 'depot_id']
$$;

CREATE FUNCTION public.asset_as_judged(asset integer) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'class', a.class, 'criticality', a.criticality, 'area', area_of(a.id), 'parent', s.code || '/' || p.code))
    FROM assets a LEFT JOIN assets p ON p.id = a.parent_id LEFT JOIN sites s ON s.id = p.site_id WHERE a.id = asset
$$;

CREATE FUNCTION public.behind(actor text) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE known (who) AS (
        SELECT actor
        UNION
        SELECT k.created_by FROM known JOIN api_keys k ON known.who = 'key:' || k.name
    )
    SELECT who FROM known WHERE who = actor OR who NOT LIKE ALL (ARRAY['system:%', '% (terminal)'])
$$;

CREATE FUNCTION public.check_item_in_use() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_TABLE_NAME = 'items' THEN
        IF EXISTS (SELECT FROM reservations WHERE item_id = NEW.id AND reserved > 0) THEN
            RAISE EXCEPTION 'item % is reserved for orders', NEW.code USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF EXISTS (SELECT FROM items WHERE id = NEW.item_id AND retired_at IS NOT NULL) THEN
        RAISE EXCEPTION 'item % is not used any more', NEW.item_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.check_reservation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.reserved <> 0 OR OLD.issued <> 0 THEN
            RAISE EXCEPTION 'a reservation goes only when nothing of it is reserved or issued'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.site_id IS DISTINCT FROM (SELECT site_id FROM work_orders WHERE id = NEW.order_id) THEN
        RAISE EXCEPTION 'an order takes parts of its own site only' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.dates_are_valid(dates jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $_$
    SELECT jsonb_typeof(dates) = 'object' AND NOT EXISTS (
        SELECT FROM jsonb_each(dates) WHERE jsonb_typeof(value) <> 'string' OR value #>> '{}' !~ '^\d{4}-[01]\d-[0-3]\d$')
$_$;

CREATE FUNCTION public.event_of_alarm() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    happened text := CASE NEW.move
        WHEN 'raise' THEN 'raised' WHEN 'clear' THEN 'cleared' WHEN 'suppress' THEN 'suppressed'
        WHEN 'release' THEN 'released' WHEN 'acknowledge' THEN 'acknowledged' WHEN 'shelve' THEN 'shelved'
        WHEN 'unshelve' THEN 'unshelved' WHEN 'take_out_of_service' THEN 'taken_out_of_service'
        WHEN 'return_to_service' THEN 'returned_to_service' ELSE NEW.move END;
BEGIN
    PERFORM append_event('alarm.' || happened, a.site_id, a.id, NULL, s.code || '/' || a.code, NEW.at,
        jsonb_build_object(
            'asset', s.code || '/' || a.code, 'source', NEW.source, 'old_state', NEW.old_state,
            'state', NEW.new_state, 'severity', p.severity, 'summary', p.summary, 'event_at', NEW.event_at,
            'until', NEW.until, 'actor', NEW.actor, 'why', NEW.why))
    FROM assets a JOIN sites s ON s.id = a.site_id
    LEFT JOIN alarm_points p ON p.asset_id = a.id AND p.source = NEW.source
    WHERE a.id = NEW.asset_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_document() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event(NEW.kind || '.' || NEW.what, NULL, NULL, NULL, NEW.subject, NEW.at, jsonb_build_object(
        'actor', NEW.actor, 'why', NEW.why, 'old', NEW.old, 'new', NEW.new));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_finding() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('finding.recorded', w.site_id, w.asset_id, w.id, w.number, now(), jsonb_build_object(
        'number', w.number, 'asset', w.asset_path, 'source', NEW.source, 'version', NEW.version,
        'component', NEW.component, 'failure_mode', NEW.failure_mode, 'severity', NEW.severity, 'since', NEW.since,
        'event_at', NEW.at, 'summary', NEW.summary))
    FROM work_orders w WHERE w.id = NEW.order_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_inspection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('round.' || NEW.what, r.site_id, NULL, r.order_id, r.number, NEW.at, jsonb_build_object(
        'round', r.id, 'number', r.number, 'title', r.title, 'status', r.status, 'actor', NEW.actor, 'why', NEW.why)
        || NEW.told)
    FROM inspection_rounds r WHERE r.id = NEW.round_id;
    PERFORM append_event('audit.' || NEW.what, a.site_id, NULL, NULL, a.number, NEW.at, jsonb_build_object(
        'audit', a.id, 'number', a.number, 'title', a.title, 'actor', NEW.actor, 'why', NEW.why) || NEW.told)
    FROM audits a WHERE a.id = NEW.audit_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_maintenance_plan() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('maintenance_plan.' || CASE NEW.version WHEN 1 THEN 'added' ELSE 'changed' END, p.site_id, NULL, NULL,
                         s.code || '/' || p.code, NEW.made_at,
                         jsonb_build_object('title', p.title, 'version', NEW.version, 'actor', NEW.made_by, 'why', NEW.why))
    FROM maintenance_plans p JOIN sites s ON s.id = p.site_id WHERE p.id = NEW.plan_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_notification_policy() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('notification_policy.changed', NEW.site_id, NULL, NULL, s.code, NEW.made_at,
        jsonb_build_object('version', NEW.version, 'actor', NEW.made_by, 'why', NEW.why))
    FROM sites s WHERE s.id = NEW.site_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_occurrence() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('maintenance.' || NEW.status, p.site_id, r.asset_id, NEW.order_id, s.code || '/' || p.code, NEW.decided_at,
                         jsonb_build_object('title', p.title, 'number', NEW.number, 'due_at', NEW.due_at, 'why', NEW.why))
    FROM maintenance_series r JOIN maintenance_plans p ON p.id = r.plan_id JOIN sites s ON s.id = p.site_id
    WHERE r.id = NEW.series_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_order() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    w work_orders;
    assignee text;
    happened text;
    of_link boolean := NEW.step IN ('link', 'unlink');
BEGIN
    SELECT * INTO w FROM work_orders WHERE id = NEW.order_id;
    SELECT code INTO assignee FROM technicians WHERE id = w.assignee_id;
    happened := CASE
        WHEN NEW.step = 'open' THEN 'opened'
        WHEN NEW.step = 'warn' THEN 'warned'
        WHEN NEW.step = 'escalate' THEN 'escalated'
        WHEN NEW.new ? 'assignee' AND NEW.new ->> 'assignee' IS NOT NULL THEN 'assigned'
        WHEN NEW.new ? 'status' THEN w.status
        WHEN NEW.new ? 'assignee' THEN 'unassigned'
        ELSE 'changed' END;
    PERFORM append_event('order.' || happened, w.site_id, w.asset_id, w.id, w.number, NEW.at, jsonb_build_object(
        'number', w.number, 'title', w.title, 'type', w.type, 'priority', w.priority, 'status', w.status,
        'asset', w.asset_path, 'component', w.component, 'failure_mode', w.failure_mode, 'assignee', assignee,
        'escalation', w.escalation, 'response_due', w.response_due, 'completion_due', w.completion_due,
        'step', NEW.step, 'actor', NEW.actor, 'why', CASE WHEN of_link THEN '' ELSE NEW.why END,
        -- Of a new order, what it was opened as is above.
        'old', CASE WHEN of_link THEN '{}' ELSE NEW.old END,
        'new', CASE WHEN of_link OR NEW.step = 'open' THEN '{}' ELSE NEW.new END));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_override() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('rota.' || CASE WHEN NEW.cancelled_at IS NULL THEN 'overridden' ELSE 'override_cancelled' END,
                         r.site_id, NULL, NULL, s.code || '/' || r.code, coalesce(NEW.cancelled_at, NEW.made_at),
                         jsonb_build_object('rota', r.id, 'title', r.title, 'override', NEW.id, 'layer', NEW.layer,
                                            'person', NEW.user_name, 'begins_at', NEW.begins_at, 'ends_at', NEW.ends_at,
                                            'actor', coalesce(NEW.cancelled_by, NEW.made_by), 'why', NEW.why))
    FROM on_call_rotas r JOIN sites s ON s.id = r.site_id WHERE r.id = NEW.rota_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_purchase() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('purchase.' || NEW.state, NEW.site_id, NULL, NULL, s.code || '/' || i.code, NEW.state_since,
        jsonb_build_object(
            'request', NEW.id, 'item', i.code, 'name', i.name, 'unit', i.unit, 'store', t.code, 'quantity', NEW.quantity,
            'received', NEW.received, 'supplier', NEW.supplier, 'reference', NEW.reference,
            'expected_on', NEW.expected_on, 'why', NEW.why))
    FROM items i JOIN sites s ON s.id = i.site_id, stores t WHERE i.id = NEW.item_id AND t.id = NEW.store_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_quote() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event(CASE WHEN TG_OP = 'INSERT' THEN 'request.quoted' ELSE 'request.quote_' || NEW.state END,
                         r.site_id, r.asset_id, r.order_id, r.number, clock_timestamp(),
                         jsonb_build_object('request', r.id, 'number', r.number, 'version', NEW.version, 'extra', NEW.extra))
    FROM requests r WHERE r.id = NEW.request_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_request() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('request.' || CASE WHEN TG_OP = 'UPDATE' AND NEW.status = OLD.status THEN 'rated' ELSE NEW.status END,
                         NEW.site_id, NEW.asset_id, NEW.order_id, NEW.number, clock_timestamp(),
                         jsonb_build_object('request', NEW.id, 'number', NEW.number, 'danger', NEW.danger, 'rating', NEW.rating));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_request_message() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('request.written', r.site_id, r.asset_id, r.order_id, r.number, clock_timestamp(),
                         jsonb_build_object('request', r.id, 'number', r.number, 'by_plant', NEW.actor IS NOT NULL))
    FROM requests r WHERE r.id = NEW.request_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_reservation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    wanted numeric(14, 3) := (SELECT needed FROM order_parts WHERE order_id = NEW.order_id AND line = NEW.line);
    had boolean := OLD.reserved + OLD.issued >= wanted;
    has boolean := NEW.reserved + NEW.issued >= wanted;
BEGIN
    IF has IS DISTINCT FROM had THEN
        PERFORM append_event(CASE WHEN has THEN 'stock.served' ELSE 'stock.lacking' END, NEW.site_id, w.asset_id, NEW.order_id,
            w.number, clock_timestamp(), jsonb_build_object(
                'order', w.number, 'item', i.code, 'name', i.name, 'unit', i.unit, 'needed', wanted,
                'reserved', NEW.reserved, 'issued', NEW.issued))
        FROM work_orders w, items i WHERE w.id = NEW.order_id AND i.id = NEW.item_id
          AND w.status NOT IN ('completed', 'verified', 'closed', 'cancelled', 'cannot_complete');
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_rota() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('rota.' || CASE WHEN NEW.document IS NULL THEN 'retired' WHEN NEW.version = 1 THEN 'added' ELSE 'changed' END,
                         r.site_id, NULL, NULL, s.code || '/' || r.code, NEW.made_at,
                         jsonb_build_object('rota', r.id, 'title', r.title, 'version', NEW.version, 'actor', NEW.made_by, 'why', NEW.why))
    FROM on_call_rotas r JOIN sites s ON s.id = r.site_id WHERE r.id = NEW.rota_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_run() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event(
        'run.' || CASE NEW.state WHEN 'running' THEN 'started' ELSE NEW.state END,
        NEW.site_id, NULL, NULL, NEW.title, clock_timestamp(),
        jsonb_build_object('run', NEW.id, 'run_kind', NEW.kind, 'title', NEW.title, 'state', NEW.state,
                           'requested_by', NEW.requested_by, 'problem', NEW.problem));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_schedule() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    happened text := CASE
        WHEN TG_OP = 'INSERT' THEN CASE NEW.state WHEN 'draft' THEN 'proposed' ELSE NEW.state END
        WHEN NEW.state IS DISTINCT FROM OLD.state THEN NEW.state
        ELSE 'changed' END;
    site text := (SELECT code FROM sites WHERE id = NEW.site_id);
    people jsonb := '[]';
BEGIN
    IF happened IN ('published', 'superseded') THEN
        SELECT coalesce(jsonb_agg(DISTINCT t.code), '[]') INTO people
        FROM schedule_visits v JOIN visit_people p ON p.visit_id = v.id JOIN technicians t ON t.id = p.technician_id
        WHERE v.schedule_id = NEW.id AND NEW.published_at IS NOT NULL;
    END IF;
    PERFORM append_event('schedule.' || happened, NEW.site_id, NULL, NULL, site || ' ' || NEW.from_date, clock_timestamp(),
        jsonb_build_object('schedule', NEW.id, 'from', NEW.from_date, 'dates', NEW.dates, 'state', NEW.state,
                           'version', NEW.version, 'technicians', people));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_site_document() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.event_of_stock() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event(CASE WHEN NEW.shortage > OLD.shortage THEN 'stock.short' ELSE 'stock.low' END, NEW.site_id, NULL, NULL,
        s.code || '/' || i.code, clock_timestamp(), jsonb_build_object(
            'item', i.code, 'name', i.name, 'unit', i.unit, 'store', t.code, 'on_hand', NEW.on_hand,
            'reserved', NEW.reserved, 'reorder_point', NEW.reorder_point, 'shortage', NEW.shortage))
    FROM items i JOIN sites s ON s.id = i.site_id, stores t WHERE i.id = NEW.item_id AND t.id = NEW.store_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.event_of_swap() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.event_of_triage() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_event('triage.put_in_force', NEW.site_id, NULL, NULL, s.code, NEW.at,
                         jsonb_build_object('number', NEW.number, 'actor', NEW.actor, 'why', NEW.why))
    FROM sites s WHERE s.id = NEW.site_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.fleet_models_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'fleet model % cannot be changed', OLD.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'fleet_models_stay';
END
$$;

CREATE FUNCTION public.forget_what_is_lost() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.levels := (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(NEW.levels) WHERE key = ANY(NEW.skills));
    NEW.valid_until := (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(NEW.valid_until)
                        WHERE key = ANY(NEW.certificates));
    RETURN NEW;
END
$$;

CREATE FUNCTION public.free_calendar_of_loan() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE tool_bookings SET state = 'returned', ended_at = upper(NEW.during), ended_by = NEW.returned_to
    WHERE id = NEW.booking_id AND state = 'out';
    RETURN NULL;
END
$$;

CREATE FUNCTION public.free_tools_of_order() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE tool_bookings SET state = 'cancelled', ended_at = NEW.status_since, ended_by = 'system:orders'
    WHERE order_id = NEW.id AND state = 'booked';
    RETURN NULL;
END
$$;

CREATE FUNCTION public.give_scan_address() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format('INSERT INTO scan_addresses (token, %I, created_at, created_by) VALUES (new_scan_token(), $1.id, now(), $2)', TG_ARGV[0])
    USING NEW, 'system:plantwright';
    RETURN NULL;
END
$_$;

CREATE FUNCTION public.history_hash(before bytea, order_id uuid, seq integer, at timestamp with time zone, actor text, step text, was jsonb, becomes jsonb, why text) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(order_id, seq, (extract(epoch FROM at) * 1000000)::bigint,
                                                         actor, step, was, becomes, why)::text, 'UTF8'))
$$;

CREATE FUNCTION public.levels_are_valid(levels jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT jsonb_typeof(levels) = 'object' AND NOT EXISTS (
        SELECT FROM jsonb_each(levels) WHERE value NOT IN ('1', '2', '3', '4', '5'))
$$;

CREATE FUNCTION public.log_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    kind text := TG_ARGV[0];
    r jsonb;
    was jsonb := '{}';
    becomes jsonb := '{}';
    of_asset integer;
    of_site text;
    called text;
    made_by text;
    did text := CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END;
BEGIN
    IF TG_OP = 'DELETE' THEN r := to_jsonb(OLD); ELSE r := to_jsonb(NEW); END IF;
    made_by := coalesce(nullif(current_setting('plantwright.actor', true), ''), r ->> 'actor', r ->> 'changed_by',
                        r ->> 'made_by', 'system:plant');
    IF TG_OP <> 'INSERT' THEN was := as_logged(kind, to_jsonb(OLD)); END IF;
    IF TG_OP <> 'DELETE' THEN becomes := as_logged(kind, to_jsonb(NEW)); END IF;
    -- A new version of a thing tells how it differs from the one before.
    IF TG_TABLE_NAME = 'signal_versions' THEN
        SELECT as_logged(kind, to_jsonb(v)) INTO was FROM signal_versions v
        WHERE v.signal_id = NEW.signal_id AND v.version = NEW.version - 1;
    ELSIF TG_TABLE_NAME = 'job_plans' AND TG_OP = 'INSERT' THEN
        SELECT as_logged(kind, to_jsonb(p)) INTO was FROM job_plans p
        WHERE p.code = NEW.code AND (to_jsonb(p) ->> 'site_id') IS NOT DISTINCT FROM (r ->> 'site_id')
          AND p.version = NEW.version - 1;
    END IF;
    IF TG_OP = 'INSERT' AND was <> '{}' THEN did := 'changed'; END IF;
    was := coalesce(was, '{}');
    IF made_by LIKE 'system:%' AND (did = 'added' OR was @> '{"unit": "", "states": null, "counter": false}') THEN
        RETURN NULL;
    END IF;
    IF did = 'changed' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n
            WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;

    of_asset := CASE kind WHEN 'asset' THEN (r ->> 'id')::integer
                     WHEN 'signal' THEN coalesce((r ->> 'asset_id')::integer,
                                                 (SELECT s.asset_id FROM signals s WHERE s.id = (r ->> 'signal_id')::integer))
                     ELSE (r ->> 'asset_id')::integer END;
    IF of_asset IS NOT NULL THEN
        SELECT s.code, s.code || '/' || a.code INTO of_site, called
        FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.id = of_asset;
    ELSE
        SELECT code, code INTO of_site, called FROM sites
        WHERE id = CASE kind WHEN 'site' THEN (r ->> 'id')::integer ELSE (r ->> 'site_id')::integer END;
    END IF;
    called := CASE kind
        WHEN 'signal' THEN called || '/' || coalesce(r ->> 'name', (SELECT name FROM signals WHERE id = (r ->> 'signal_id')::integer))
        WHEN 'downtime' THEN called || ' downtime ' || (r ->> 'id')
        WHEN 'technician' THEN called || '/' || (r ->> 'code')
        WHEN 'location' THEN called || '/' || (r ->> 'code')
        WHEN 'target' THEN called || ' priority ' || (r ->> 'priority')
        WHEN 'job plan' THEN concat_ws('/', called, r ->> 'code')
        ELSE called END;
    PERFORM append_change(now(), made_by, kind, called, of_site, of_asset, did, was, becomes,
                          coalesce(nullif(current_setting('plantwright.why', true), ''), r ->> 'reason', ''));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.log_change_of_documents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM append_change_of_documents(NEW);
    RETURN NULL;
END
$$;

CREATE FUNCTION public.log_change_of_money() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.log_change_of_parts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    kind text := TG_ARGV[0];
    hidden text[] := string_to_array(TG_ARGV[1], ',') || ARRAY['id', 'site_id', 'item_id', 'store_id', 'requested_at',
        'state_since', 'requested_by'];
    just text[] := nullif(string_to_array(coalesce(TG_ARGV[2], ''), ','), '{}');
    r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    was jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - hidden END;
    becomes jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - hidden END;
    of_site text := (SELECT code FROM sites WHERE id = (r ->> 'site_id')::integer);
BEGIN
    IF just IS NOT NULL THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) WHERE key = ANY(just);
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) WHERE key = ANY(just);
        IF jsonb_strip_nulls(was) = '{}' AND jsonb_strip_nulls(becomes) = '{}' THEN RETURN NULL; END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;
    PERFORM append_change(now(), coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:stock'), kind,
        concat_ws('/', of_site, r ->> 'asset_class', (SELECT code FROM items WHERE id = (r ->> 'item_id')::integer),
                  (SELECT code FROM stores WHERE id = (r ->> 'store_id')::integer), r ->> 'code', CASE TG_TABLE_NAME WHEN 'item_units' THEN r ->> 'unit' END),
        of_site, NULL, CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        was, becomes, coalesce(current_setting('plantwright.why', true), ''));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.log_change_of_people() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    kind text := TG_ARGV[0];
    hidden text[] := ARRAY['id', 'site_id', 'technician_id', 'pattern_id', 'crew_id', 'from_id', 'to_id', 'recorded_at', 'recorded_by'];
    r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    was jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - hidden END;
    becomes jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - hidden END;
    of_site text := (SELECT code FROM sites WHERE id = (r ->> 'site_id')::integer);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;
    PERFORM append_change(now(), coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant'), kind,
        concat_ws('/', of_site, (SELECT code FROM shift_patterns WHERE id = (r ->> 'pattern_id')::integer),
                  (SELECT code FROM crews WHERE id = (r ->> 'crew_id')::integer),
                  (SELECT code FROM technicians WHERE id = (r ->> 'technician_id')::integer),
                  (SELECT code FROM locations WHERE id = (r ->> 'from_id')::integer),
                  (SELECT code FROM locations WHERE id = (r ->> 'to_id')::integer),
                  r ->> 'of', r ->> 'code', CASE TG_TABLE_NAME WHEN 'skill_certificates' THEN r ->> 'skill'
                                            WHEN 'shifts' THEN 'day ' || (r ->> 'day') END),
        of_site, NULL, CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        was, becomes, coalesce(current_setting('plantwright.why', true), ''));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.maintenance_follows_orders() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.status IN ('completed', 'verified', 'closed') THEN
        UPDATE maintenance_occurrences SET status = 'completed', completed_at = NEW.status_since
        WHERE order_id = NEW.id AND status IN ('generated', 'merged');
    ELSIF NEW.status IN ('cancelled', 'cannot_complete') THEN
        UPDATE maintenance_occurrences SET status = 'skipped', completed_at = NULL,
            note = 'Its order ' || NEW.number || CASE NEW.status WHEN 'cancelled' THEN ' was cancelled.' ELSE ' could not be done.' END
        WHERE order_id = NEW.id AND status IN ('generated', 'merged', 'completed');
    ELSIF OLD.status IN ('completed', 'verified', 'closed', 'cancelled', 'cannot_complete') THEN
        UPDATE maintenance_occurrences SET status = 'generated', completed_at = NULL, note = ''
        WHERE order_id = NEW.id AND status IN ('completed', 'skipped');
    ELSE
        RETURN NULL;
    END IF;
    INSERT INTO maintenance_wakes (series_id) SELECT series_id FROM maintenance_occurrences WHERE order_id = NEW.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.maintenance_occurrences_have_no_gap() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    last integer;
BEGIN
    SELECT coalesce(max(number), 0) INTO last FROM maintenance_occurrences WHERE series_id = NEW.series_id;
    IF NEW.number <> last + 1 THEN
        RAISE EXCEPTION 'occurrence % of series % cannot follow %', NEW.number, NEW.series_id, last
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'maintenance_occurrences_have_no_gap';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.maintenance_plan_versions_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'version % of maintenance plan % cannot be changed', OLD.version, OLD.plan_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'maintenance_plan_versions_stay';
END
$$;

CREATE FUNCTION public.never_falls(numbers double precision[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT coalesce(bool_and(before <= number), true) FROM (
    SELECT number, lag(number) OVER (ORDER BY position) AS before FROM unnest(numbers) WITH ORDINALITY AS n (number, position)
) AS pairs WHERE before IS NOT NULL $$;

CREATE FUNCTION public.new_scan_token() RETURNS text
    LANGUAGE sql
    AS $$
    SELECT rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
$$;

CREATE FUNCTION public.note_actuals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO visit_actuals (schedule_id, order_id, part, site_id, technician_id, from_place, place, planned_starts,
                               planned_ends, planned_travel, started_at, ended_at, worked, travelled)
    WITH planned AS (
        SELECT DISTINCT ON (v.part) v.*, c.site_id
        FROM schedule_visits v JOIN schedules c ON c.id = v.schedule_id
        WHERE v.order_id = NEW.order_id AND c.published_at IS NOT NULL
        ORDER BY v.part, c.published_at DESC, c.id DESC
    ), steps AS (
        SELECT h.seq, h.new ->> 'status' AS status,
               least(h.at, (h.new #>> '{reported,at}')::timestamptz
                           - (h.new #>> '{reported,skew_s}')::double precision * interval '1 second') AS at
        FROM order_history h
        WHERE h.order_id = NEW.order_id AND h.new ? 'status' AND h.seq > coalesce(
            (SELECT max(seq) FROM order_history WHERE order_id = NEW.order_id AND step = 'complete' AND seq < NEW.seq), 0)
    ), stretches AS (
        SELECT status, at AS starts, lead(at) OVER (ORDER BY seq) AS ends FROM steps
    ), made AS (
        SELECT p.part, min(s.starts) AS starts, max(s.ends) AS ends,
               sum(extract(epoch FROM s.ends - s.starts)) / 60 AS worked
        FROM stretches s
        CROSS JOIN LATERAL (
            SELECT part FROM planned ORDER BY abs(extract(epoch FROM starts_at - s.starts)), part LIMIT 1
        ) AS p
        WHERE s.status = 'in_progress' AND s.ends > s.starts
        GROUP BY p.part
    )
    SELECT p.schedule_id, p.order_id, p.part, p.site_id, w.assignee_id, p.from_place, p.place, p.starts_at, p.ends_at,
           p.travel_minutes, m.starts, m.ends, m.worked,
           (SELECT extract(epoch FROM m.starts - b.ended_at) / 60
            FROM (SELECT a.ended_at, a.place, a.planned_ends FROM visit_actuals a
                  WHERE a.technician_id = w.assignee_id AND a.order_id <> NEW.order_id AND a.ended_at <= m.starts
                  ORDER BY a.ended_at DESC LIMIT 1) AS b
            WHERE b.place = p.from_place AND b.ended_at > m.starts - interval '8 hours'
              AND p.starts_at - b.planned_ends
                  BETWEEN interval '0' AND (p.travel_minutes + 10) * interval '1 minute')
    FROM planned p JOIN made m ON m.part = p.part JOIN work_orders w ON w.id = p.order_id
    ON CONFLICT (schedule_id, order_id, part) DO UPDATE SET
        technician_id = excluded.technician_id, started_at = excluded.started_at, ended_at = excluded.ended_at,
        worked = excluded.worked, travelled = excluded.travelled;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.note_assignee() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO order_people (technician_id, order_id) VALUES (NEW.assignee_id, NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.note_person_of_visit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO order_people (technician_id, order_id)
    SELECT NEW.technician_id, v.order_id FROM schedule_visits v WHERE v.id = NEW.visit_id ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.notification_policies_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'version % of the notification policy cannot be changed', OLD.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notification_policies_stay';
END
$$;

CREATE FUNCTION public.notify_of_events() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('events', '');
    RETURN NULL;
END
$$;

CREATE FUNCTION public.number_events() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    numbered bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM new_events) THEN RETURN 0; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('plantwright events', 0));
    -- A statement of its own: it sees what committed while the lock was waited for.
    WITH taken AS (DELETE FROM new_events RETURNING *)
    INSERT INTO events (id, uid, kind, site_id, asset_id, order_id, subject, at, recorded_at, data)
    SELECT nextval('event_ids'), uid, kind, site_id, asset_id, order_id, subject, at, recorded_at, data
    FROM (SELECT * FROM taken ORDER BY written) AS in_order;
    GET DIAGNOSTICS numbered = ROW_COUNT;
    RETURN numbered;
END
$$;

CREATE FUNCTION public.on_call_rota_versions_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'version % of rota % cannot be changed', OLD.version, OLD.rota_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'on_call_rota_versions_stay';
END
$$;

CREATE FUNCTION public.order_disrupts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO schedule_disruptions (site_id, kind, order_id, starts_at)
    VALUES (NEW.site_id, TG_ARGV[0], NEW.id, clock_timestamp());
    RETURN NULL;
END
$$;

CREATE FUNCTION public.people_of_schedule() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE visit_people p SET published = NEW.state = 'published'
    FROM schedule_visits v WHERE v.id = p.visit_id AND v.schedule_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.person_of_visit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    SELECT tstzrange(v.starts_at, v.ends_at), s.state = 'published' INTO NEW.during, NEW.published
    FROM schedule_visits v JOIN schedules s ON s.id = v.schedule_id WHERE v.id = NEW.visit_id;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.put_loan_in_calendar() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    since timestamptz := greatest(lower(NEW.during), coalesce(NEW.recorded_at, lower(NEW.during)));
BEGIN
    IF NEW.booking_id IS NOT NULL THEN
        UPDATE tool_bookings SET state = 'out', borrower = NEW.borrower,
            during = CASE WHEN NEW.due_at > since THEN tstzrange(since, NEW.due_at) ELSE during END
        WHERE id = NEW.booking_id AND tool_id = NEW.tool_id AND state = 'booked';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'booking % of this tool is not open', NEW.booking_id USING ERRCODE = 'foreign_key_violation';
        END IF;
    ELSIF NEW.due_at > since AND upper_inf(NEW.during) THEN
        INSERT INTO tool_bookings (site_id, tool_id, order_id, borrower, during, state, booked_at, booked_by)
        VALUES (NEW.site_id, NEW.tool_id, NEW.order_id, NEW.borrower, tstzrange(since, NEW.due_at), 'out', since, NEW.lent_by)
        RETURNING id INTO NEW.booking_id;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.quote_lines_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'line % of the quote cannot be changed', OLD.seq
        USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_lines_stay';
END
$$;

CREATE FUNCTION public.quotes_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.state <> 'offered' AND (OLD.state, OLD.answered_at) IS DISTINCT FROM (NEW.state, NEW.answered_at))
       OR (OLD.request_id, OLD.version, OLD.extra, OLD.currency, OLD.total, OLD.valid_until, OLD.made_by, OLD.made_at)
          IS DISTINCT FROM
          (NEW.request_id, NEW.version, NEW.extra, NEW.currency, NEW.total, NEW.valid_until, NEW.made_by, NEW.made_at) THEN
        RAISE EXCEPTION 'version % of the quote cannot be changed', OLD.version
            USING ERRCODE = 'check_violation', CONSTRAINT = 'quotes_stay';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the history of a work order is append-only';
END
$$;

CREATE FUNCTION public.refuse_change_of_alarm_moves() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('plantwright.retention', true) = 'alarms' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the moves of alarms are append-only';
END
$$;

CREATE FUNCTION public.refuse_change_of_changes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is append-only';
END
$$;

CREATE FUNCTION public.refuse_change_of_inspection_history() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the history of inspections is only added to';
END
$$;

CREATE FUNCTION public.refuse_change_of_ledger() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the ledger of stock is only appended to' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION public.refuse_change_of_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'a version of a checklist never changes: make a new one';
END
$$;

CREATE FUNCTION public.refuse_stock_without_ledger() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'stock is changed by a row of stock_movements only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.release_parts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO stock_movements (site_id, item_id, store_id, kind, reserved, order_id, line, at, actor, why)
    SELECT site_id, item_id, store_id, 'release', -reserved, order_id, line, NEW.status_since, 'system:stock',
           'the order is ' || replace(NEW.status, '_', ' ')
    FROM reservations WHERE order_id = NEW.id AND reserved > 0 ORDER BY item_id, store_id, line;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.runs_are_announced() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('runs', '');
    RETURN NULL;
END
$$;

CREATE FUNCTION public.runs_end_once() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'run % has ended already', old.id USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_end_once';
END
$$;

CREATE FUNCTION public.safety_proposals_take_two_people() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT behind(new.decided_by) INTERSECT SELECT behind(new.proposed_by)) THEN
        RAISE EXCEPTION '% and % are one person''s', new.proposed_by, new.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'safety_proposals_take_two_people';
    END IF;
    RETURN new;
END
$$;

CREATE FUNCTION public.settle_failed_point() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE failed_points f SET settled = NEW.status IN ('closed', 'cancelled', 'cannot_complete')
    WHERE f.order_id = NEW.id
      -- An order that is opened again stays settled here where the point has got another one meanwhile.
      AND (NEW.status IN ('closed', 'cancelled', 'cannot_complete') OR NOT EXISTS (
          SELECT FROM failed_points o WHERE o.asset_id = f.asset_id AND o.checklist_id = f.checklist_id
            AND o.item = f.item AND NOT o.settled AND o.id <> f.id));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.site_document_versions_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'version % of document % cannot be changed', OLD.version, OLD.document_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'site_document_versions_stay';
END
$$;

CREATE FUNCTION public.still_sees(sites text[], site text, kind text, data jsonb) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT sites IS NULL OR kind = 'receiver.test' OR CASE
        WHEN site IS NOT NULL THEN site = ANY(sites)
        WHEN kind = 'escalation.asked' THEN NOT EXISTS (SELECT FROM jsonb_array_elements(data->'items') i WHERE i->>'site' <> ALL(sites))
        ELSE false END
$$;

CREATE FUNCTION public.sync_operations_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.decision IS NOT NULL
       OR to_jsonb(NEW) - ARRAY['decision', 'decided_by', 'decided_at', 'decided_why']
          <> to_jsonb(OLD) - ARRAY['decision', 'decided_by', 'decided_at', 'decided_why'] THEN
        RAISE EXCEPTION 'operation % cannot be changed', OLD.op_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sync_operations_stay';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.tell_judge_of_asset() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.id, asset_as_judged(NEW.id),
            coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant'));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.tell_judge_of_place() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.asset_id, asset_as_judged(NEW.asset_id), 'system:plant');
    RETURN NULL;
END
$$;

CREATE FUNCTION public.tell_judge_of_signal() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    SELECT 'signal', s.asset_id,
           jsonb_build_object('signal', s.name, 'unit', NEW.unit)
               || CASE WHEN NEW.states IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('states', NEW.states) END
               || CASE WHEN NEW.counter THEN jsonb_build_object('counter', jsonb_build_object('wraps_at', NEW.wraps_at))
                       ELSE '{}'::jsonb END
               || CASE WHEN NEW.plausible_low IS NULL AND NEW.plausible_high IS NULL THEN '{}'::jsonb
                       ELSE jsonb_build_object('plausible', jsonb_build_array(NEW.plausible_low, NEW.plausible_high)) END,
           coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant')
    FROM signals s WHERE s.id = NEW.signal_id;
    RETURN NULL;
END
$$;

CREATE TABLE public.absence_reasons (
    absence_id integer NOT NULL,
    reason text NOT NULL,
    CONSTRAINT absence_reasons_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 1000)))
);

CREATE TABLE public.absences (
    id integer NOT NULL,
    technician_id integer NOT NULL,
    site_id integer NOT NULL,
    kind text DEFAULT 'away'::text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT absences_end_after_they_begin CHECK ((ends_at > starts_at)),
    CONSTRAINT absences_kind_check CHECK ((kind = ANY (ARRAY['away'::text, 'leave'::text, 'training'::text, 'elsewhere'::text])))
);

ALTER TABLE public.absences ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.absences_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.alarm_moves (
    id bigint NOT NULL,
    asset_id integer NOT NULL,
    source text NOT NULL,
    at timestamp with time zone NOT NULL,
    event_at timestamp with time zone,
    actor text NOT NULL,
    move text NOT NULL,
    old_state text NOT NULL,
    new_state text NOT NULL,
    until timestamp with time zone,
    why text DEFAULT ''::text NOT NULL
);

ALTER TABLE public.alarm_moves ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alarm_moves_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.alarm_points (
    asset_id integer NOT NULL,
    source text NOT NULL,
    state text DEFAULT 'normal'::text NOT NULL,
    active boolean DEFAULT false NOT NULL,
    latching boolean DEFAULT false NOT NULL,
    severity smallint DEFAULT 1 NOT NULL,
    acknowledged boolean DEFAULT false NOT NULL,
    since timestamp with time zone,
    until timestamp with time zone,
    actor text DEFAULT ''::text NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    summary text DEFAULT ''::text NOT NULL,
    raised_at timestamp with time zone,
    CONSTRAINT alarm_points_severity_check CHECK (((severity >= 1) AND (severity <= 3))),
    CONSTRAINT alarm_points_state_check CHECK ((state = ANY (ARRAY['normal'::text, 'unacknowledged'::text, 'acknowledged'::text, 'returned_unacknowledged'::text, 'latched'::text, 'shelved'::text, 'suppressed_by_design'::text, 'out_of_service'::text])))
);

CREATE TABLE public.alarms (
    id bigint NOT NULL,
    asset_id integer NOT NULL,
    source text NOT NULL,
    severity smallint NOT NULL,
    summary text NOT NULL,
    arrival bigint NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    cleared_at timestamp with time zone,
    suppressed text,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT alarms_severity_check CHECK (((severity >= 1) AND (severity <= 3))),
    CONSTRAINT alarms_suppressed_check CHECK ((suppressed = ANY (ARRAY['shelved'::text, 'out_of_service'::text, 'cause'::text, 'waits'::text, 'flood'::text, 'budget'::text])))
);

ALTER TABLE public.alarms ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alarms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_keys (
    name text NOT NULL,
    prefix text NOT NULL,
    key_sha256 bytea NOT NULL,
    roles text[] NOT NULL,
    sites text[],
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_key_sha256_check CHECK ((length(key_sha256) = 32)),
    CONSTRAINT api_keys_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'::text)),
    CONSTRAINT api_keys_roles_check CHECK (((cardinality(roles) > 0) AND (roles <@ ARRAY['viewer'::text, 'requester'::text, 'technician'::text, 'storekeeper'::text, 'planner'::text, 'reliability_engineer'::text, 'administrator'::text]))),
    CONSTRAINT api_keys_sites_check CHECK ((cardinality(sites) > 0))
);

CREATE TABLE public.asset_health (
    asset_id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    index double precision NOT NULL,
    signal text NOT NULL,
    value double precision NOT NULL,
    limit_at double precision NOT NULL,
    limit_known boolean NOT NULL,
    change double precision,
    change_low double precision,
    change_high double precision,
    likely_at timestamp with time zone,
    earliest_at timestamp with time zone,
    latest_at timestamp with time zone,
    CONSTRAINT asset_health_index_check CHECK (((index >= (0)::double precision) AND (index <= (100)::double precision)))
);

CREATE TABLE public.assets (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    class text DEFAULT 'unclassified'::text NOT NULL,
    criticality smallint DEFAULT 2 NOT NULL,
    serial text,
    external_id text,
    external_source text,
    archived_at timestamp with time zone,
    parent_id integer,
    safety_critical boolean DEFAULT false NOT NULL,
    CONSTRAINT assets_check CHECK ((parent_id <> id)),
    CONSTRAINT assets_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT assets_criticality_check CHECK (((criticality >= 1) AND (criticality <= 4)))
);

ALTER TABLE public.assets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.assets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attachment_contents (
    attachment_id uuid NOT NULL,
    content bytea NOT NULL,
    thumbnail bytea
);
ALTER TABLE ONLY public.attachment_contents ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE public.attachments (
    id uuid NOT NULL,
    order_id uuid,
    name text NOT NULL,
    kind text NOT NULL,
    size integer NOT NULL,
    sha256 bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    asset_id integer,
    location_id integer,
    deleted_at timestamp with time zone,
    deleted_by text,
    CONSTRAINT attachments_deleted_by_somebody CHECK (((deleted_at IS NULL) = (deleted_by IS NULL))),
    CONSTRAINT attachments_of_one CHECK ((num_nonnulls(order_id, asset_id, location_id) = 1)),
    CONSTRAINT attachments_size_check CHECK (((size >= 1) AND (size <= 20000000)))
);

CREATE TABLE public.audit_anchored (
    anchor_id integer NOT NULL,
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.audit_anchors (
    id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.audit_findings (
    audit_id integer NOT NULL,
    seq integer NOT NULL,
    statement text NOT NULL,
    grade text NOT NULL,
    owner text NOT NULL,
    due date NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    answer text DEFAULT ''::text NOT NULL,
    answered_by text,
    state_at timestamp with time zone NOT NULL,
    overdue_told date,
    owner_user text,
    owner_technician_id integer,
    CONSTRAINT audit_findings_answer_check CHECK ((length(answer) <= 4000)),
    CONSTRAINT audit_findings_grade_check CHECK ((grade = ANY (ARRAY['observation'::text, 'minor'::text, 'major'::text]))),
    CONSTRAINT audit_findings_owner_check CHECK (((length(owner) >= 1) AND (length(owner) <= 200))),
    CONSTRAINT audit_findings_seq_check CHECK (((seq >= 1) AND (seq <= 1000))),
    CONSTRAINT audit_findings_state_check CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text, 'verified'::text, 'withdrawn'::text]))),
    CONSTRAINT audit_findings_statement_check CHECK (((length(statement) >= 1) AND (length(statement) <= 4000)))
);

CREATE TABLE public.audits (
    id integer NOT NULL,
    site_id integer NOT NULL,
    number text NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    scope text DEFAULT ''::text NOT NULL,
    auditor text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    conclusion text DEFAULT ''::text NOT NULL,
    CONSTRAINT audits_conclusion_check CHECK ((length(conclusion) <= 4000)),
    CONSTRAINT audits_kind_check CHECK ((kind = ANY (ARRAY['records'::text, 'site'::text]))),
    CONSTRAINT audits_scope_check CHECK ((length(scope) <= 4000)),
    CONSTRAINT audits_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE public.audits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.bills_of_material (
    site_id integer NOT NULL,
    asset_class text NOT NULL,
    item_id integer NOT NULL,
    quantity numeric(14,3) NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT bills_of_material_asset_class_check CHECK (((length(asset_class) >= 1) AND (length(asset_class) <= 100))),
    CONSTRAINT bills_of_material_note_check CHECK ((length(note) <= 200)),
    CONSTRAINT bills_of_material_quantity_check CHECK ((quantity > (0)::numeric))
);

CREATE TABLE public.bins (
    id integer NOT NULL,
    site_id integer NOT NULL,
    store_id integer NOT NULL,
    code text NOT NULL,
    CONSTRAINT bins_code_check CHECK (((length(code) >= 1) AND (length(code) <= 64)))
);

ALTER TABLE public.bins ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bins_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.broker_sessions (
    broker text NOT NULL,
    client_id text NOT NULL,
    used_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.calendar_feeds (
    id bigint NOT NULL,
    token_sha256 bytea NOT NULL,
    prefix text NOT NULL,
    owner text NOT NULL,
    technician_id integer,
    site_id integer,
    asset_id integer,
    created_at timestamp with time zone NOT NULL,
    last_read_at timestamp with time zone,
    revoked_at timestamp with time zone,
    rota_id integer,
    CONSTRAINT calendar_feeds_of_one CHECK ((num_nonnulls(technician_id, site_id, asset_id, rota_id) = 1)),
    CONSTRAINT calendar_feeds_prefix_check CHECK (((length(prefix) >= 4) AND (length(prefix) <= 8))),
    CONSTRAINT calendar_feeds_token_sha256_check CHECK ((length(token_sha256) = 32))
);

ALTER TABLE public.calendar_feeds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.calendar_feeds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.certificates_reported (
    technician_id integer NOT NULL,
    certificate text NOT NULL,
    valid_until date NOT NULL,
    reported_at timestamp with time zone NOT NULL
);

CREATE TABLE public.change_heads (
    chain uuid NOT NULL,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    anchored integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.changes (
    id bigint NOT NULL,
    chain uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    site text,
    asset_id integer,
    what text NOT NULL,
    old jsonb NOT NULL,
    new jsonb NOT NULL,
    why text NOT NULL,
    hash bytea NOT NULL
);

ALTER TABLE public.changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.checklist_versions (
    checklist_id integer NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    items jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT checklist_versions_items_check CHECK (((jsonb_typeof(items) = 'array'::text) AND ((jsonb_array_length(items) >= 1) AND (jsonb_array_length(items) <= 200)))),
    CONSTRAINT checklist_versions_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200))),
    CONSTRAINT checklist_versions_version_check CHECK ((version > 0))
);

CREATE TABLE public.checklists (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT checklists_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text))
);

ALTER TABLE public.checklists ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.checklists_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.checkpoint_parts (
    format integer NOT NULL,
    judge text NOT NULL,
    kind text NOT NULL,
    asset text DEFAULT ''::text NOT NULL,
    state bytea NOT NULL,
    CONSTRAINT checkpoint_parts_judge_check CHECK ((judge = ANY (ARRAY['live'::text, 'shadow'::text]))),
    CONSTRAINT checkpoint_parts_state_check CHECK ((length(state) <= 268435456))
);
ALTER TABLE ONLY public.checkpoint_parts ALTER COLUMN state SET STORAGE EXTERNAL;

CREATE TABLE public.checkpoints (
    format integer NOT NULL,
    arrival bigint NOT NULL,
    code_version text NOT NULL,
    written_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.cost_models (
    id integer NOT NULL,
    site_id integer NOT NULL,
    currency text NOT NULL,
    asset_id integer,
    class text,
    failure numeric(16,4),
    down_hour numeric(16,4),
    failure_hours numeric(10,2),
    wasted_visit numeric(16,4),
    notice_hours numeric(10,2),
    CONSTRAINT cost_models_down_hour_check CHECK ((down_hour >= (0)::numeric)),
    CONSTRAINT cost_models_failure_check CHECK ((failure >= (0)::numeric)),
    CONSTRAINT cost_models_failure_hours_check CHECK ((failure_hours >= (0)::numeric)),
    CONSTRAINT cost_models_notice_hours_check CHECK ((notice_hours >= (0)::numeric)),
    CONSTRAINT cost_models_of_one CHECK (((asset_id IS NULL) OR (class IS NULL))),
    CONSTRAINT cost_models_wasted_visit_check CHECK ((wasted_visit >= (0)::numeric))
);

ALTER TABLE public.cost_models ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cost_models_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.crew_members (
    crew_id integer NOT NULL,
    technician_id integer NOT NULL,
    site_id integer NOT NULL
);

CREATE TABLE public.crews (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    CONSTRAINT crews_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT crews_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE public.crews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.crews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.danger_words (
    site_id integer NOT NULL,
    version integer NOT NULL,
    words text[] NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT danger_words_version_check CHECK ((version >= 1)),
    CONSTRAINT danger_words_words_check CHECK ((cardinality(words) <= 500))
);

CREATE TABLE public.database_checks (
    process text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT database_checks_process_check CHECK ((process <> ''::text))
);

CREATE TABLE public.deliveries (
    receiver_id integer NOT NULL,
    event_id bigint NOT NULL,
    why text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    note text DEFAULT ''::text NOT NULL,
    lead bigint,
    urgent boolean DEFAULT false NOT NULL,
    chosen boolean DEFAULT true NOT NULL,
    made_at timestamp with time zone,
    sameness text DEFAULT ''::text NOT NULL,
    seen_at timestamp with time zone,
    CONSTRAINT deliveries_end CHECK (((state = ANY (ARRAY['pending'::text, 'held'::text])) = (ended_at IS NULL))),
    CONSTRAINT deliveries_gathered_into CHECK (((state = 'gathered'::text) = (lead IS NOT NULL))),
    CONSTRAINT deliveries_say_why CHECK (((state <> 'withheld'::text) OR (note <> ''::text))),
    CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'held'::text, 'gathered'::text, 'withheld'::text, 'delivered'::text, 'failed'::text, 'skipped'::text])))
);

CREATE TABLE public.delivery_attempts (
    id bigint NOT NULL,
    receiver_id integer NOT NULL,
    event_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    took_ms integer NOT NULL,
    fault text,
    status integer,
    detail text NOT NULL,
    CONSTRAINT delivery_attempts_fault_check CHECK ((fault = ANY (ARRAY['passing'::text, 'final'::text, 'gone'::text, 'own'::text])))
);

ALTER TABLE public.delivery_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.device_bindings (
    device text NOT NULL,
    asset text NOT NULL,
    actor text NOT NULL,
    bound_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT device_bindings_asset_check CHECK ((asset ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT device_bindings_device_check CHECK ((device ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text))
);

CREATE TABLE public.engine_alarm_news (
    code text NOT NULL,
    problem text NOT NULL,
    action text NOT NULL,
    since timestamp with time zone NOT NULL,
    raised boolean NOT NULL,
    missing_since timestamp with time zone
);

CREATE TABLE public.engine_figures (
    only_row boolean DEFAULT true NOT NULL,
    written_at timestamp with time zone NOT NULL,
    figures jsonb NOT NULL,
    CONSTRAINT engine_figures_only_row_check CHECK (only_row)
)
WITH (fillfactor='10');

CREATE TABLE public.engine_troubles (
    kind text NOT NULL,
    said text NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    first_at timestamp with time zone DEFAULT now() NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.entered_readings (
    id bigint NOT NULL,
    asset_id integer NOT NULL,
    signal text NOT NULL,
    unit text DEFAULT ''::text NOT NULL,
    value double precision NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    CONSTRAINT entered_readings_signal_check CHECK ((signal ~ '^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}$'::text)),
    CONSTRAINT entered_readings_value_check CHECK (((value > '-Infinity'::double precision) AND (value < 'Infinity'::double precision)))
);

ALTER TABLE public.entered_readings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.entered_readings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.escalation_asks (
    id bigint NOT NULL,
    escalation_id bigint NOT NULL,
    user_name text NOT NULL,
    step smallint NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text,
    message_id uuid,
    sent_at timestamp with time zone,
    answer text,
    answered_at timestamp with time zone,
    how text,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT escalation_asks_answer_check CHECK ((answer = ANY (ARRAY['acknowledge'::text, 'decline'::text, 'hand_on'::text]))),
    CONSTRAINT escalation_asks_check CHECK (((message_id IS NULL) = (sent_at IS NULL))),
    CONSTRAINT escalation_asks_check1 CHECK (((answer IS NULL) = (answered_at IS NULL))),
    CONSTRAINT escalation_asks_why_check CHECK ((length(why) <= 2000))
);

ALTER TABLE public.escalation_asks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.escalation_asks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.escalation_links (
    token_sha256 bytea NOT NULL,
    message_id uuid NOT NULL,
    user_name text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.escalations (
    id bigint NOT NULL,
    site_id integer NOT NULL,
    document_id integer NOT NULL,
    version integer NOT NULL,
    cause text NOT NULL,
    cause_key text NOT NULL,
    order_id uuid,
    asset_id integer,
    subject text NOT NULL,
    title text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    state_since timestamp with time zone NOT NULL,
    taken smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    answered_by text,
    how text,
    CONSTRAINT escalations_acknowledged_by CHECK (((state <> 'acknowledged'::text) OR (answered_by IS NOT NULL))),
    CONSTRAINT escalations_cause_check CHECK ((cause = ANY (ARRAY['order'::text, 'alarm'::text, 'engine'::text, 'request'::text]))),
    CONSTRAINT escalations_of_order CHECK (
CASE cause
    WHEN 'order'::text THEN (order_id IS NOT NULL)
    WHEN 'request'::text THEN true
    ELSE (order_id IS NULL)
END),
    CONSTRAINT escalations_running_is_due CHECK (((state = 'running'::text) = (due_at IS NOT NULL))),
    CONSTRAINT escalations_state_check CHECK ((state = ANY (ARRAY['running'::text, 'acknowledged'::text, 'unanswered'::text, 'over'::text]))),
    CONSTRAINT escalations_taken_check CHECK ((taken >= 0))
);

ALTER TABLE public.escalations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.escalations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.events (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    kind text NOT NULL,
    site_id integer,
    asset_id integer,
    order_id uuid,
    subject text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    data jsonb NOT NULL
);

CREATE SEQUENCE public.event_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.event_ids OWNED BY public.events.id;

CREATE TABLE public.evidence (
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    arrival bigint NOT NULL,
    source text NOT NULL,
    version text NOT NULL,
    component text NOT NULL,
    failure_mode text NOT NULL,
    severity smallint NOT NULL,
    since timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    score double precision,
    limit_at double precision,
    signs jsonb NOT NULL,
    summary text NOT NULL,
    readings jsonb DEFAULT '{}'::jsonb NOT NULL,
    fails_early timestamp with time zone,
    fails_likely timestamp with time zone,
    fails_late timestamp with time zone,
    CONSTRAINT evidence_failure_dates CHECK (((fails_early <= fails_likely) AND (fails_likely <= fails_late) AND ((fails_early IS NOT NULL) OR (num_nonnulls(fails_likely, fails_late) = 0)))),
    CONSTRAINT evidence_severity_check CHECK (((severity >= 1) AND (severity <= 3)))
);

CREATE TABLE public.failed_points (
    id integer NOT NULL,
    asset_id integer NOT NULL,
    checklist_id integer NOT NULL,
    item text NOT NULL,
    order_id uuid NOT NULL,
    round_id integer NOT NULL,
    "position" integer NOT NULL,
    settled boolean DEFAULT false NOT NULL
);

ALTER TABLE public.failed_points ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.failed_points_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.fan_out (
    only_row boolean DEFAULT true NOT NULL,
    event_id bigint DEFAULT 0 NOT NULL,
    CONSTRAINT fan_out_only_row_check CHECK (only_row)
);

CREATE TABLE public.fenced_off (
    fence bigint NOT NULL,
    holder text NOT NULL,
    taken_by text,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.fleet_models (
    id integer NOT NULL,
    version text NOT NULL,
    asset_class text NOT NULL,
    sites text[] DEFAULT '{}'::text[] NOT NULL,
    document jsonb NOT NULL,
    actor text NOT NULL,
    why text NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT fleet_models_asset_class_check CHECK (((length(asset_class) >= 1) AND (length(asset_class) <= 200))),
    CONSTRAINT fleet_models_version_check CHECK ((version ~ '^[0-9a-f]{12}$'::text))
);

ALTER TABLE public.fleet_models ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fleet_models_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.foreign_names (
    site text NOT NULL,
    asset text NOT NULL,
    signal text NOT NULL,
    name text NOT NULL
);

CREATE TABLE public.heartbeat (
    only_row boolean DEFAULT true NOT NULL,
    tried_at timestamp with time zone NOT NULL,
    unwell text DEFAULT ''::text NOT NULL,
    sent_at timestamp with time zone,
    fault text,
    status integer,
    detail text DEFAULT ''::text NOT NULL,
    accepted_at timestamp with time zone,
    CONSTRAINT heartbeat_fault_check CHECK ((fault = ANY (ARRAY['passing'::text, 'final'::text, 'gone'::text, 'own'::text]))),
    CONSTRAINT heartbeat_only_row_check CHECK (only_row)
);

CREATE TABLE public.history_heads (
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    anchored integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.idempotent_answers (
    actor text NOT NULL,
    key text NOT NULL,
    request bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.import_places (
    first bigint NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT import_places_check CHECK ((last >= first))
);

COMMENT ON TABLE public.import_places IS 'Stretches of the sequence of inputs that imported history has taken, both ends included.';

CREATE TABLE public.imports (
    digest bytea NOT NULL,
    file text NOT NULL,
    rows_done bigint DEFAULT 0 NOT NULL,
    stored bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone
);

CREATE TABLE public.inspection_answers (
    round_id integer NOT NULL,
    "position" integer NOT NULL,
    item text NOT NULL,
    typed text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    drawn text DEFAULT ''::text NOT NULL,
    photo_id uuid,
    number double precision,
    verdict text,
    failed_point_id integer,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    CONSTRAINT inspection_answers_note_check CHECK ((length(note) <= 4000)),
    CONSTRAINT inspection_answers_number_check CHECK (((number > '-Infinity'::double precision) AND (number < 'Infinity'::double precision))),
    CONSTRAINT inspection_answers_typed_check CHECK ((length(typed) <= 4000)),
    CONSTRAINT inspection_answers_verdict_check CHECK ((verdict = ANY (ARRAY['passed'::text, 'failed'::text, 'noted'::text])))
);

CREATE TABLE public.inspection_history (
    id bigint NOT NULL,
    round_id integer,
    audit_id integer,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    what text NOT NULL,
    told jsonb DEFAULT '{}'::jsonb NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT inspection_history_check CHECK ((num_nonnulls(round_id, audit_id) = 1)),
    CONSTRAINT inspection_history_what_check CHECK ((what ~ '^[a-z]+(_[a-z]+)*$'::text))
);

ALTER TABLE public.inspection_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inspection_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.inspection_numbers (
    site_id integer NOT NULL,
    kind text NOT NULL,
    newest integer NOT NULL,
    CONSTRAINT inspection_numbers_kind_check CHECK ((kind = ANY (ARRAY['R'::text, 'A'::text]))),
    CONSTRAINT inspection_numbers_newest_check CHECK ((newest > 0))
);

CREATE TABLE public.inspection_photos (
    id uuid NOT NULL,
    round_id integer NOT NULL,
    "position" integer NOT NULL,
    item text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    content bytea NOT NULL,
    thumbnail bytea,
    sha256 bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    CONSTRAINT inspection_photos_kind_check CHECK ((kind = ANY (ARRAY['image/png'::text, 'image/jpeg'::text, 'image/gif'::text, 'image/webp'::text]))),
    CONSTRAINT inspection_photos_sha256_check CHECK ((length(sha256) = 32))
);

CREATE TABLE public.inspection_reports (
    round_id integer NOT NULL,
    content bytea NOT NULL,
    sha256 bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    CONSTRAINT inspection_reports_sha256_check CHECK ((length(sha256) = 32))
);

CREATE TABLE public.inspection_rounds (
    id integer NOT NULL,
    site_id integer NOT NULL,
    number text NOT NULL,
    title text NOT NULL,
    route_id integer,
    order_id uuid,
    how text NOT NULL,
    status text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    latest timestamp with time zone,
    walker text,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    signed_name text DEFAULT ''::text NOT NULL,
    signed_drawn text DEFAULT ''::text NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT inspection_rounds_begun CHECK (((status <> ALL (ARRAY['under_way'::text, 'paused'::text, 'done'::text])) OR (started_at IS NOT NULL))),
    CONSTRAINT inspection_rounds_check CHECK ((latest >= due_at)),
    CONSTRAINT inspection_rounds_how_check CHECK ((how = ANY (ARRAY['hand'::text, 'code'::text, 'plan'::text]))),
    CONSTRAINT inspection_rounds_signed CHECK (((status <> 'done'::text) OR ((finished_at IS NOT NULL) AND (signed_name <> ''::text)))),
    CONSTRAINT inspection_rounds_signed_name_check CHECK ((length(signed_name) <= 200)),
    CONSTRAINT inspection_rounds_status_check CHECK ((status = ANY (ARRAY['due'::text, 'under_way'::text, 'paused'::text, 'done'::text, 'missed'::text, 'cancelled'::text]))),
    CONSTRAINT inspection_rounds_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE public.inspection_rounds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inspection_rounds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.inspection_route_stops (
    route_id integer NOT NULL,
    "position" integer NOT NULL,
    asset_id integer NOT NULL,
    checklist_id integer NOT NULL,
    CONSTRAINT inspection_route_stops_position_check CHECK ((("position" >= 1) AND ("position" <= 500)))
);

CREATE TABLE public.inspection_routes (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT inspection_routes_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT inspection_routes_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE public.inspection_routes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inspection_routes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.inspection_stops (
    round_id integer NOT NULL,
    "position" integer NOT NULL,
    asset_id integer NOT NULL,
    checklist_id integer NOT NULL,
    checklist_version integer,
    status text DEFAULT 'open'::text NOT NULL,
    scanned boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    at timestamp with time zone,
    actor text,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT inspection_stops_missed_for_a_reason CHECK (((status <> 'skipped'::text) OR (why <> ''::text))),
    CONSTRAINT inspection_stops_position_check CHECK ((("position" >= 1) AND ("position" <= 500))),
    CONSTRAINT inspection_stops_status_check CHECK ((status = ANY (ARRAY['open'::text, 'done'::text, 'skipped'::text])))
);

CREATE TABLE public.installations (
    asset_id integer NOT NULL,
    location_id integer NOT NULL,
    installed_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT installations_check CHECK ((removed_at > installed_at))
);

CREATE TABLE public.item_lots (
    item_id integer NOT NULL,
    site_id integer NOT NULL,
    lot text NOT NULL,
    unit_cost numeric(16,4),
    currency text,
    expires_on date,
    CONSTRAINT item_lots_cost_has_a_currency CHECK (((unit_cost IS NULL) = (currency IS NULL))),
    CONSTRAINT item_lots_lot_check CHECK (((length(lot) >= 1) AND (length(lot) <= 64))),
    CONSTRAINT item_lots_unit_cost_check CHECK ((unit_cost >= (0)::numeric))
);

CREATE TABLE public.item_units (
    item_id integer NOT NULL,
    site_id integer NOT NULL,
    unit text NOT NULL,
    factor numeric(14,6) NOT NULL,
    CONSTRAINT item_units_factor_check CHECK ((factor > (0)::numeric)),
    CONSTRAINT item_units_unit_check CHECK (((length(unit) >= 1) AND (length(unit) <= 20)))
);

CREATE TABLE public.items (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    unit text DEFAULT 'pcs'::text NOT NULL,
    item_class text DEFAULT ''::text NOT NULL,
    supplier text DEFAULT ''::text NOT NULL,
    lead_time_days integer,
    price numeric(16,4),
    currency text,
    retired_at timestamp with time zone,
    CONSTRAINT items_code_check CHECK (((length(code) >= 1) AND (length(code) <= 64))),
    CONSTRAINT items_item_class_check CHECK ((length(item_class) <= 100)),
    CONSTRAINT items_lead_time_days_check CHECK (((lead_time_days >= 0) AND (lead_time_days <= 3650))),
    CONSTRAINT items_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT items_price_check CHECK ((price >= (0)::numeric)),
    CONSTRAINT items_price_has_a_currency CHECK (((price IS NULL) = (currency IS NULL))),
    CONSTRAINT items_supplier_check CHECK ((length(supplier) <= 200)),
    CONSTRAINT items_unit_check CHECK (((length(unit) >= 1) AND (length(unit) <= 20)))
);

ALTER TABLE public.items ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.items_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.job_plans (
    code text NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    asset_class text,
    failure_mode text,
    steps jsonb NOT NULL,
    parts jsonb DEFAULT '[]'::jsonb NOT NULL,
    skills text[] DEFAULT '{}'::text[] NOT NULL,
    certificates text[] DEFAULT '{}'::text[] NOT NULL,
    tools text[] DEFAULT '{}'::text[] NOT NULL,
    estimated_hours double precision,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    site_id integer,
    needs_stop boolean DEFAULT false NOT NULL,
    crew smallint DEFAULT 1 NOT NULL,
    CONSTRAINT job_plans_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT job_plans_crew_check CHECK (((crew >= 1) AND (crew <= 20))),
    CONSTRAINT job_plans_estimated_hours_check CHECK ((estimated_hours >= (0)::double precision))
);

ALTER TABLE public.judge_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.judge_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.judge_position (
    only_row boolean DEFAULT true NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    holder text,
    next_arrival bigint DEFAULT 1 NOT NULL,
    CONSTRAINT judge_position_only_row_check CHECK (only_row)
);

CREATE TABLE public.known_devices (
    token_sha256 bytea NOT NULL,
    user_name text NOT NULL,
    used_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.labour_rates (
    site_id integer NOT NULL,
    currency text NOT NULL,
    skill text DEFAULT ''::text NOT NULL,
    from_date date NOT NULL,
    per_hour numeric(16,4) NOT NULL,
    CONSTRAINT labour_rates_per_hour_check CHECK ((per_hour >= (0)::numeric)),
    CONSTRAINT labour_rates_skill_check CHECK ((length(skill) <= 200))
);

CREATE TABLE public.locations (
    id integer NOT NULL,
    site_id integer NOT NULL,
    parent_id integer,
    code text NOT NULL,
    name text NOT NULL,
    level text NOT NULL,
    latitude double precision,
    longitude double precision,
    CONSTRAINT locations_coordinates_are_a_pair CHECK (((latitude IS NULL) = (longitude IS NULL))),
    CONSTRAINT locations_latitude_check CHECK (((latitude >= ('-90'::integer)::double precision) AND (latitude <= (90)::double precision))),
    CONSTRAINT locations_level_check CHECK ((level = ANY (ARRAY['area'::text, 'work_centre'::text, 'work_unit'::text]))),
    CONSTRAINT locations_longitude_check CHECK (((longitude >= ('-180'::integer)::double precision) AND (longitude <= (180)::double precision)))
);

ALTER TABLE public.locations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.locations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.maintenance_occurrences (
    series_id integer NOT NULL,
    number integer NOT NULL,
    plan_id integer NOT NULL,
    plan_version integer NOT NULL,
    due_at timestamp with time zone NOT NULL,
    cause text NOT NULL,
    status text NOT NULL,
    package text,
    packages text[] DEFAULT '{}'::text[] NOT NULL,
    why text NOT NULL,
    order_id uuid,
    decided_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    note text DEFAULT ''::text NOT NULL,
    applied boolean DEFAULT false NOT NULL,
    CONSTRAINT maintenance_occurrences_cause_check CHECK ((cause = ANY (ARRAY['calendar'::text, 'meter'::text, 'condition'::text]))),
    CONSTRAINT maintenance_occurrences_check CHECK (((status = ANY (ARRAY['skipped'::text, 'missed'::text])) OR (order_id IS NOT NULL))),
    CONSTRAINT maintenance_occurrences_check1 CHECK (((status = 'completed'::text) = (completed_at IS NOT NULL))),
    CONSTRAINT maintenance_occurrences_number_check CHECK ((number >= 1)),
    CONSTRAINT maintenance_occurrences_status_check CHECK ((status = ANY (ARRAY['generated'::text, 'skipped'::text, 'merged'::text, 'completed'::text, 'missed'::text])))
);

CREATE TABLE public.maintenance_plan_versions (
    plan_id integer NOT NULL,
    version integer NOT NULL,
    document jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT maintenance_plan_versions_version_check CHECK ((version >= 1))
);

CREATE TABLE public.maintenance_plans (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    document jsonb NOT NULL,
    object text NOT NULL,
    object_code text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    retired_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT maintenance_plans_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT maintenance_plans_object_check CHECK ((object = ANY (ARRAY['asset'::text, 'class'::text, 'location'::text, 'route'::text]))),
    CONSTRAINT maintenance_plans_version_check CHECK ((version >= 1))
);

ALTER TABLE public.maintenance_plans ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.maintenance_plans_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.maintenance_series (
    id integer NOT NULL,
    plan_id integer NOT NULL,
    asset_id integer,
    location_id integer,
    begun_at timestamp with time zone NOT NULL,
    number integer DEFAULT 0 NOT NULL,
    covered integer DEFAULT 0 NOT NULL,
    after timestamp without time zone,
    shift_days integer DEFAULT 0 NOT NULL,
    last_due timestamp with time zone,
    meter_from timestamp with time zone,
    meter_carry double precision DEFAULT 0 NOT NULL,
    condition_since timestamp with time zone,
    next_due timestamp with time zone,
    next_why text DEFAULT ''::text NOT NULL,
    call_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_why text DEFAULT ''::text NOT NULL,
    CONSTRAINT maintenance_series_check CHECK (((covered >= 0) AND (covered <= number))),
    CONSTRAINT maintenance_series_check1 CHECK (((ended_at IS NULL) OR (call_at IS NULL))),
    CONSTRAINT maintenance_series_of_one CHECK ((num_nonnulls(asset_id, location_id) = 1))
);

ALTER TABLE public.maintenance_series ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.maintenance_series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.maintenance_wakes (
    series_id integer NOT NULL
);

CREATE TABLE public.meter_entries (
    id integer NOT NULL,
    asset_id integer NOT NULL,
    signal text NOT NULL,
    at timestamp with time zone NOT NULL,
    count double precision NOT NULL,
    exchanged boolean DEFAULT false NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    rolled_over boolean DEFAULT false NOT NULL,
    CONSTRAINT meter_entries_begin_anew_for_one_reason CHECK ((NOT (exchanged AND rolled_over))),
    CONSTRAINT meter_entries_count_check CHECK (((count >= (0)::double precision) AND (count < 'Infinity'::double precision))),
    CONSTRAINT meter_entries_signal_check CHECK (((length(signal) >= 1) AND (length(signal) <= 200)))
);

ALTER TABLE public.meter_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.meter_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.new_events (
    written bigint NOT NULL,
    uid uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    site_id integer,
    asset_id integer,
    order_id uuid,
    subject text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT new_events_kind_check CHECK ((kind ~ '^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$'::text))
);

ALTER TABLE public.new_events ALTER COLUMN written ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.new_events_written_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.notification_policies (
    site_id integer NOT NULL,
    version integer NOT NULL,
    document jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT notification_policies_version_check CHECK ((version >= 1)),
    CONSTRAINT notification_policies_why_check CHECK ((length(why) <= 2000))
);

CREATE TABLE public.notification_settings (
    user_name text NOT NULL,
    off_kinds text[] DEFAULT '{}'::text[] NOT NULL,
    quiet_begins time without time zone,
    quiet_ends time without time zone,
    zone text DEFAULT 'UTC'::text NOT NULL,
    digest text DEFAULT 'at_once'::text NOT NULL,
    digest_at time without time zone DEFAULT '07:00:00'::time without time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT notification_settings_digest_check CHECK ((digest = ANY (ARRAY['at_once'::text, 'hourly'::text, 'daily'::text]))),
    CONSTRAINT notification_settings_quiet CHECK (((quiet_begins IS NULL) = (quiet_ends IS NULL)))
);

CREATE TABLE public.on_call_gaps (
    rota_id integer NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    unreachable text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT on_call_gaps_check CHECK ((begins_at < ends_at))
);

CREATE TABLE public.on_call_overrides (
    id integer NOT NULL,
    rota_id integer NOT NULL,
    layer text NOT NULL,
    user_name text NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    cancelled_at timestamp with time zone,
    cancelled_by text,
    swap_id integer,
    CONSTRAINT on_call_overrides_check CHECK (((cancelled_at IS NULL) = (cancelled_by IS NULL))),
    CONSTRAINT on_call_overrides_keep_the_past CHECK ((begins_at >= made_at)),
    CONSTRAINT on_call_overrides_last CHECK ((begins_at < ends_at)),
    CONSTRAINT on_call_overrides_layer_check CHECK (((length(layer) >= 1) AND (length(layer) <= 100))),
    CONSTRAINT on_call_overrides_why_check CHECK ((length(why) <= 2000))
);

ALTER TABLE public.on_call_overrides ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.on_call_overrides_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.on_call_rota_people (
    rota_id integer NOT NULL,
    user_name text NOT NULL
);

CREATE TABLE public.on_call_rota_versions (
    rota_id integer NOT NULL,
    version integer NOT NULL,
    document jsonb,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT on_call_rota_versions_version_check CHECK ((version >= 1))
);

CREATE TABLE public.on_call_rotas (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    document jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT on_call_rotas_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT on_call_rotas_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200))),
    CONSTRAINT on_call_rotas_version_check CHECK ((version >= 1))
);

ALTER TABLE public.on_call_rotas ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.on_call_rotas_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.on_call_swaps (
    id integer NOT NULL,
    rota_id integer NOT NULL,
    layer text NOT NULL,
    asker text NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    other text NOT NULL,
    back_begins_at timestamp with time zone,
    back_ends_at timestamp with time zone,
    why text DEFAULT ''::text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    answered_at timestamp with time zone,
    answered_by text,
    answer_why text DEFAULT ''::text NOT NULL,
    CONSTRAINT on_call_swaps_answer_why_check CHECK ((length(answer_why) <= 2000)),
    CONSTRAINT on_call_swaps_answered CHECK ((((state = 'asked'::text) = (answered_at IS NULL)) AND ((answered_at IS NULL) = (answered_by IS NULL)))),
    CONSTRAINT on_call_swaps_last CHECK (((begins_at < ends_at) AND ((back_begins_at IS NULL) = (back_ends_at IS NULL)) AND (back_begins_at < back_ends_at))),
    CONSTRAINT on_call_swaps_layer_check CHECK (((length(layer) >= 1) AND (length(layer) <= 100))),
    CONSTRAINT on_call_swaps_of_two CHECK ((asker <> other)),
    CONSTRAINT on_call_swaps_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'agreed'::text, 'declined'::text, 'withdrawn'::text]))),
    CONSTRAINT on_call_swaps_why_check CHECK ((length(why) <= 2000))
);

ALTER TABLE public.on_call_swaps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.on_call_swaps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.order_comments (
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    text text NOT NULL
);

CREATE TABLE public.order_history (
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    step text NOT NULL,
    old jsonb DEFAULT '{}'::jsonb NOT NULL,
    new jsonb DEFAULT '{}'::jsonb NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.order_links (
    from_id uuid NOT NULL,
    kind text NOT NULL,
    to_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    CONSTRAINT order_links_check CHECK ((to_id <> from_id)),
    CONSTRAINT order_links_kind_check CHECK ((kind = ANY (ARRAY['duplicate_of'::text, 'blocks'::text, 'follow_up_of'::text, 'split_from'::text, 'child_of'::text])))
);

CREATE TABLE public.order_parts (
    order_id uuid NOT NULL,
    line integer NOT NULL,
    part text NOT NULL,
    unit text DEFAULT 'pcs'::text NOT NULL,
    needed double precision NOT NULL,
    used double precision,
    unit_cost numeric(16,4),
    currency text,
    CONSTRAINT order_parts_cost_has_a_currency CHECK (((unit_cost IS NULL) = (currency IS NULL))),
    CONSTRAINT order_parts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT order_parts_needed_check CHECK ((needed >= (0)::double precision)),
    CONSTRAINT order_parts_unit_cost_check CHECK ((unit_cost >= (0)::numeric)),
    CONSTRAINT order_parts_used_check CHECK ((used >= (0)::double precision))
);

CREATE TABLE public.order_people (
    technician_id integer NOT NULL,
    order_id uuid NOT NULL
);

CREATE TABLE public.order_steps (
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    instruction text NOT NULL,
    mandatory boolean NOT NULL,
    unit text DEFAULT ''::text NOT NULL,
    low double precision,
    high double precision,
    done_at timestamp with time zone,
    done_by text,
    value double precision,
    note text DEFAULT ''::text NOT NULL,
    attachment_id uuid,
    CONSTRAINT order_steps_kind_check CHECK ((kind = ANY (ARRAY['instruction'::text, 'permit'::text, 'measurement'::text, 'photo'::text, 'signature'::text])))
);

CREATE TABLE public.planned_downtimes (
    id bigint NOT NULL,
    asset_id integer NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    reason text NOT NULL,
    actor text NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    cancelled_at timestamp with time zone,
    CONSTRAINT planned_downtimes_check CHECK ((ends_at > starts_at))
);

ALTER TABLE public.planned_downtimes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.planned_downtimes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.portal_rules (
    site_id integer NOT NULL,
    open boolean NOT NULL,
    emergency_number text NOT NULL,
    policy text NOT NULL,
    keep_days integer NOT NULL,
    video_url text NOT NULL,
    choose_times boolean DEFAULT true NOT NULL,
    CONSTRAINT portal_rules_emergency_number_check CHECK ((emergency_number ~ '^[0-9+*# ()/-]{2,30}$'::text)),
    CONSTRAINT portal_rules_keep_days_check CHECK (((keep_days >= 1) AND (keep_days <= 3650))),
    CONSTRAINT portal_rules_policy_check CHECK ((policy = ANY (ARRAY['at_once'::text, 'confirmed'::text]))),
    CONSTRAINT portal_rules_video_url_check CHECK (((video_url = ''::text) OR ((video_url ~ '^https://'::text) AND (length(video_url) <= 500))))
);

CREATE TABLE public.price_list_lines (
    site_id integer NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    unit_price numeric(14,4) NOT NULL,
    CONSTRAINT price_list_lines_code_check CHECK (((length(code) >= 1) AND (length(code) <= 64))),
    CONSTRAINT price_list_lines_kind_check CHECK ((kind = ANY (ARRAY['labour'::text, 'part'::text, 'other'::text]))),
    CONSTRAINT price_list_lines_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT price_list_lines_unit_check CHECK ((length(unit) <= 20)),
    CONSTRAINT price_list_lines_unit_price_check CHECK ((unit_price >= (0)::numeric))
);

CREATE TABLE public.price_lists (
    site_id integer NOT NULL,
    version integer NOT NULL,
    currency text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT price_lists_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT price_lists_version_check CHECK ((version >= 1))
);

CREATE TABLE public.pulse_key (
    one boolean DEFAULT true NOT NULL,
    key uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT pulse_key_one_check CHECK (one)
);

CREATE TABLE public.purchase_requests (
    id integer NOT NULL,
    site_id integer NOT NULL,
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    quantity numeric(14,3) NOT NULL,
    received numeric(14,3) DEFAULT 0 NOT NULL,
    state text DEFAULT 'requested'::text NOT NULL,
    supplier text DEFAULT ''::text NOT NULL,
    reference text DEFAULT ''::text NOT NULL,
    expected_on date,
    why text DEFAULT ''::text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    requested_by text NOT NULL,
    state_since timestamp with time zone NOT NULL,
    CONSTRAINT purchase_requests_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT purchase_requests_received_check CHECK ((received >= (0)::numeric)),
    CONSTRAINT purchase_requests_reference_check CHECK ((length(reference) <= 200)),
    CONSTRAINT purchase_requests_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'ordered'::text, 'received'::text, 'cancelled'::text]))),
    CONSTRAINT purchase_requests_supplier_check CHECK ((length(supplier) <= 200))
);

ALTER TABLE public.purchase_requests ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.purchase_requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.quarantine (
    id bigint NOT NULL,
    topic text NOT NULL,
    payload bytea NOT NULL,
    payload_bytes integer NOT NULL,
    payload_sha256 bytea NOT NULL,
    reason text NOT NULL,
    problem text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    last_received_at timestamp with time zone NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    retry_asked_at timestamp with time zone,
    retry_asked_by text,
    tried_at timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL,
    others bigint DEFAULT 0 NOT NULL,
    CONSTRAINT quarantine_payload_check CHECK ((length(payload) <= 2097152))
);

ALTER TABLE public.quarantine ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.quote_answers (
    request_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    words text NOT NULL,
    CONSTRAINT quote_answers_name_check CHECK ((length(name) <= 200)),
    CONSTRAINT quote_answers_words_check CHECK ((length(words) <= 4000))
);

CREATE TABLE public.quote_lines (
    request_id uuid NOT NULL,
    version integer NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    quantity numeric(12,3) NOT NULL,
    unit text NOT NULL,
    unit_price numeric(14,4) NOT NULL,
    amount numeric(16,4) NOT NULL,
    price_code text,
    price_version integer,
    CONSTRAINT quote_lines_amount_check CHECK ((amount >= (0)::numeric)),
    CONSTRAINT quote_lines_check CHECK (((price_code IS NULL) = (price_version IS NULL))),
    CONSTRAINT quote_lines_kind_check CHECK ((kind = ANY (ARRAY['labour'::text, 'part'::text, 'other'::text]))),
    CONSTRAINT quote_lines_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT quote_lines_seq_check CHECK (((seq >= 1) AND (seq <= 50))),
    CONSTRAINT quote_lines_text_check CHECK (((length(text) >= 1) AND (length(text) <= 200))),
    CONSTRAINT quote_lines_unit_check CHECK ((length(unit) <= 20)),
    CONSTRAINT quote_lines_unit_price_check CHECK ((unit_price >= (0)::numeric))
);

CREATE TABLE public.quotes (
    request_id uuid NOT NULL,
    version integer NOT NULL,
    extra boolean NOT NULL,
    state text NOT NULL,
    currency text NOT NULL,
    total numeric(16,4) NOT NULL,
    valid_until date NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    answered_by text,
    CONSTRAINT quotes_answered_once CHECK (((state = 'offered'::text) = (answered_at IS NULL))),
    CONSTRAINT quotes_check CHECK (((answered_at IS NULL) = (answered_by IS NULL))),
    CONSTRAINT quotes_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT quotes_state_check CHECK ((state = ANY (ARRAY['offered'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text, 'replaced'::text]))),
    CONSTRAINT quotes_total_check CHECK ((total >= (0)::numeric)),
    CONSTRAINT quotes_version_check CHECK (((version >= 1) AND (version <= 50)))
);

CREATE TABLE public.readings (
    signal_id integer NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    arrival bigint NOT NULL,
    value double precision NOT NULL,
    quality smallint DEFAULT 0 NOT NULL,
    late boolean NOT NULL
);

CREATE TABLE public.receivers (
    id integer NOT NULL,
    channel text NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    user_name text,
    secret bytea,
    secret_is_sealed boolean,
    wants text[] NOT NULL,
    sites text[],
    state text DEFAULT 'active'::text NOT NULL,
    state_since timestamp with time zone NOT NULL,
    state_why text DEFAULT ''::text NOT NULL,
    refused integer DEFAULT 0 NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    old_secret bytea,
    old_secret_is_sealed boolean,
    old_secret_until timestamp with time zone,
    CONSTRAINT receivers_channel_check CHECK ((channel = ANY (ARRAY['webhook'::text, 'email'::text, 'ntfy'::text, 'apprise'::text, 'banner'::text]))),
    CONSTRAINT receivers_name_check CHECK ((name <> ''::text)),
    CONSTRAINT receivers_of_mail_are_people CHECK (((channel <> 'webhook'::text) = (user_name IS NOT NULL))),
    CONSTRAINT receivers_old_secrets_end CHECK ((num_nulls(old_secret, old_secret_is_sealed, old_secret_until) = ANY (ARRAY[0, 3]))),
    CONSTRAINT receivers_sites_check CHECK ((cardinality(sites) > 0)),
    CONSTRAINT receivers_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'disabled'::text]))),
    CONSTRAINT receivers_webhooks_are_signed CHECK ((((secret IS NULL) = (secret_is_sealed IS NULL)) AND ((channel <> ALL (ARRAY['webhook'::text, 'apprise'::text])) OR (secret IS NOT NULL)) AND ((channel <> ALL (ARRAY['email'::text, 'banner'::text])) OR (secret IS NULL))))
);

ALTER TABLE public.receivers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.receivers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.request_checks (
    request_id uuid NOT NULL,
    help_id integer NOT NULL,
    helped boolean NOT NULL
);

CREATE TABLE public.request_links (
    token_sha256 bytea NOT NULL,
    request_id uuid NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT request_links_token_sha256_check CHECK ((length(token_sha256) = 32))
);

CREATE TABLE public.request_mails (
    request_id uuid NOT NULL,
    seq integer NOT NULL,
    news text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    detail text DEFAULT ''::text NOT NULL,
    CONSTRAINT request_mails_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT request_mails_end_once CHECK (((state = 'pending'::text) = (ended_at IS NULL))),
    CONSTRAINT request_mails_news_check CHECK ((news = ANY (ARRAY['new'::text, 'asked_back'::text, 'accepted'::text, 'appointed'::text, 'working'::text, 'interrupted'::text, 'done'::text, 'cancelled'::text, 'declined'::text, 'settled'::text, 'written'::text, 'quoted'::text]))),
    CONSTRAINT request_mails_seq_check CHECK ((seq >= 1)),
    CONSTRAINT request_mails_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'sent'::text, 'failed'::text, 'withheld'::text])))
);

CREATE TABLE public.request_messages (
    request_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text,
    text text NOT NULL,
    CONSTRAINT request_messages_seq_check CHECK ((seq >= 1)),
    CONSTRAINT request_messages_text_check CHECK (((length(text) >= 1) AND (length(text) <= 4000)))
);

CREATE TABLE public.request_numbers (
    site_id integer NOT NULL,
    last integer NOT NULL,
    CONSTRAINT request_numbers_last_check CHECK ((last >= 1))
);

CREATE TABLE public.request_people (
    request_id uuid NOT NULL,
    name text NOT NULL,
    contact text NOT NULL,
    what text NOT NULL,
    place text NOT NULL,
    since text NOT NULL,
    rating_words text DEFAULT ''::text NOT NULL,
    CONSTRAINT request_people_contact_check CHECK ((length(contact) <= 200)),
    CONSTRAINT request_people_name_check CHECK ((length(name) <= 200)),
    CONSTRAINT request_people_place_check CHECK ((length(place) <= 500)),
    CONSTRAINT request_people_rating_words_check CHECK ((length(rating_words) <= 4000)),
    CONSTRAINT request_people_since_check CHECK ((length(since) <= 200)),
    CONSTRAINT request_people_what_check CHECK (((length(what) >= 1) AND (length(what) <= 4000)))
);

CREATE TABLE public.request_photos (
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    kind text NOT NULL,
    content bytea NOT NULL,
    thumbnail bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    attachment_id uuid,
    CONSTRAINT request_photos_kind_check CHECK ((kind = ANY (ARRAY['image/png'::text, 'image/jpeg'::text, 'image/gif'::text, 'image/webp'::text])))
);

CREATE TABLE public.requests (
    id uuid NOT NULL,
    number text NOT NULL,
    site_id integer NOT NULL,
    asset_id integer,
    location_id integer,
    status text NOT NULL,
    order_id uuid,
    danger boolean NOT NULL,
    language text NOT NULL,
    token_sha256 bytea NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    respond_by timestamp with time zone,
    responded_at timestamp with time zone,
    ended_at timestamp with time zone,
    rating smallint,
    rated_at timestamp with time zone,
    reviewed_at timestamp with time zone,
    reviewed_by text,
    erased_at timestamp with time zone,
    erased_by text,
    version integer DEFAULT 1 NOT NULL,
    made_by text,
    mailed_stage text,
    no_mails_at timestamp with time zone,
    time_chosen_at timestamp with time zone,
    times_chosen smallint DEFAULT 0 NOT NULL,
    solved_by_requester boolean DEFAULT false NOT NULL,
    CONSTRAINT requests_check CHECK (((reviewed_at IS NULL) = (reviewed_by IS NULL))),
    CONSTRAINT requests_check1 CHECK (((erased_at IS NULL) = (erased_by IS NULL))),
    CONSTRAINT requests_end_once CHECK (((status = ANY (ARRAY['declined'::text, 'settled'::text, 'withdrawn'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT requests_have_their_order CHECK (((status = ANY (ARRAY['accepted'::text, 'merged'::text])) = (order_id IS NOT NULL))),
    CONSTRAINT requests_language_check CHECK ((language ~ '^[a-z]{2}$'::text)),
    CONSTRAINT requests_of_one CHECK ((num_nonnulls(asset_id, location_id) = 1)),
    CONSTRAINT requests_rated_once CHECK (((rating IS NULL) = (rated_at IS NULL))),
    CONSTRAINT requests_rating_check CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT requests_reviewed_if_rated CHECK (((reviewed_at IS NULL) OR (rating IS NOT NULL))),
    CONSTRAINT requests_solved_are_settled CHECK (((NOT solved_by_requester) OR (status = 'settled'::text))),
    CONSTRAINT requests_status_check CHECK ((status = ANY (ARRAY['new'::text, 'asked_back'::text, 'accepted'::text, 'merged'::text, 'declined'::text, 'settled'::text, 'withdrawn'::text]))),
    CONSTRAINT requests_times_chosen CHECK (((times_chosen = 0) = (time_chosen_at IS NULL))),
    CONSTRAINT requests_times_chosen_check CHECK (((times_chosen >= 0) AND (times_chosen <= 5))),
    CONSTRAINT requests_token_sha256_check CHECK ((length(token_sha256) = 32)),
    CONSTRAINT requests_version_check CHECK ((version >= 1))
);

CREATE TABLE public.reservations (
    order_id uuid NOT NULL,
    line integer NOT NULL,
    site_id integer NOT NULL,
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    reserved numeric(14,3) DEFAULT 0 NOT NULL,
    issued numeric(14,3) DEFAULT 0 NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    CONSTRAINT reservations_issued_check CHECK ((issued >= (0)::numeric)),
    CONSTRAINT reservations_reserved_check CHECK ((reserved >= (0)::numeric))
);

CREATE TABLE public.rules_in_shadow (
    id bigint NOT NULL,
    rule text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    begun_by text NOT NULL,
    why text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    ended_why text,
    CONSTRAINT rules_in_shadow_check CHECK (((ended_at IS NULL) = (ended_by IS NULL)))
);

ALTER TABLE public.rules_in_shadow ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rules_in_shadow_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.run_files (
    run uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL
);
ALTER TABLE ONLY public.run_files ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE public.run_log (
    seq bigint NOT NULL,
    run uuid NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    line text NOT NULL
);

ALTER TABLE public.run_log ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.run_log_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.runs (
    id uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    site_id integer,
    input jsonb NOT NULL,
    upload_id uuid,
    priority smallint NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    crashes smallint DEFAULT 0 NOT NULL,
    worker text,
    leased_until timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    progress real DEFAULT 0 NOT NULL,
    doing text DEFAULT ''::text NOT NULL,
    cancel_asked_at timestamp with time zone,
    cancel_asked_by text,
    result jsonb,
    problem text,
    CONSTRAINT runs_check CHECK (((state = 'running'::text) = (leased_until IS NOT NULL))),
    CONSTRAINT runs_check1 CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT runs_check2 CHECK (((state = 'failed'::text) = (problem IS NOT NULL))),
    CONSTRAINT runs_check3 CHECK (((state = 'succeeded'::text) = (result IS NOT NULL))),
    CONSTRAINT runs_check4 CHECK (((cancel_asked_at IS NULL) = (cancel_asked_by IS NULL))),
    CONSTRAINT runs_priority_check CHECK (((priority >= 1) AND (priority <= 9))),
    CONSTRAINT runs_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
    CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
);

CREATE TABLE public.safety_proposals (
    id bigint NOT NULL,
    asset_id integer,
    site_id integer,
    plan text,
    was jsonb NOT NULL,
    change jsonb NOT NULL,
    why text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    verdict text,
    CONSTRAINT safety_proposals_are_about_one_thing CHECK (((asset_id IS NULL) <> (plan IS NULL))),
    CONSTRAINT safety_proposals_are_decided_whole CHECK ((num_nonnulls(verdict, decided_by, decided_at) = ANY (ARRAY[0, 3]))),
    CONSTRAINT safety_proposals_take_two CHECK (((verdict <> 'confirmed'::text) OR (decided_by <> proposed_by))),
    CONSTRAINT safety_proposals_verdict_check CHECK ((verdict = ANY (ARRAY['confirmed'::text, 'rejected'::text]))),
    CONSTRAINT safety_proposals_why_check CHECK ((why <> ''::text))
);

ALTER TABLE public.safety_proposals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.safety_proposals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.scan_addresses (
    token text NOT NULL,
    asset_id integer,
    location_id integer,
    order_id uuid,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    item_id integer,
    bin_id integer,
    route_id integer,
    CONSTRAINT scan_addresses_check CHECK ((num_nonnulls(asset_id, location_id, order_id, item_id, bin_id, route_id) = 1)),
    CONSTRAINT scan_addresses_check1 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT scan_addresses_token_check CHECK ((token ~ '^[A-Za-z0-9_-]{16,64}$'::text))
);

CREATE TABLE public.schedule_disruptions (
    id integer NOT NULL,
    site_id integer NOT NULL,
    kind text NOT NULL,
    technician_id integer,
    order_id uuid,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    noticed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT schedule_disruptions_check CHECK (((kind = 'absence'::text) = (technician_id IS NOT NULL))),
    CONSTRAINT schedule_disruptions_check1 CHECK (((kind <> 'absence'::text) = (order_id IS NOT NULL))),
    CONSTRAINT schedule_disruptions_kind_check CHECK ((kind = ANY (ARRAY['absence'::text, 'emergency'::text, 'overrun'::text, 'parts'::text])))
);

ALTER TABLE public.schedule_disruptions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.schedule_disruptions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schedule_inputs (
    schedule_id integer NOT NULL,
    problem jsonb NOT NULL
);

CREATE TABLE public.schedule_visits (
    id integer NOT NULL,
    schedule_id integer NOT NULL,
    order_id uuid NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    pinned_by text,
    pinned_at timestamp with time zone,
    told_at timestamp with time zone,
    from_place text,
    place text,
    travel_minutes integer,
    CONSTRAINT schedule_visits_check CHECK ((starts_at < ends_at)),
    CONSTRAINT schedule_visits_check1 CHECK (((pinned_by IS NULL) = (pinned_at IS NULL))),
    CONSTRAINT schedule_visits_part_check CHECK (((part >= 1) AND (part <= 99))),
    CONSTRAINT schedule_visits_travel_minutes_check CHECK (((travel_minutes >= 0) AND (travel_minutes <= 100000))),
    CONSTRAINT schedule_visits_ways_are_whole CHECK (((place IS NULL) = (travel_minutes IS NULL)))
);

ALTER TABLE public.schedule_visits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.schedule_visits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schedules (
    id integer NOT NULL,
    site_id integer NOT NULL,
    from_date date NOT NULL,
    dates smallint NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    state text NOT NULL,
    state_since timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    read_at timestamp with time zone NOT NULL,
    run_id uuid,
    based_on integer,
    weights_version integer DEFAULT 0 NOT NULL,
    seconds double precision,
    costs jsonb DEFAULT '{}'::jsonb NOT NULL,
    reasons jsonb DEFAULT '{}'::jsonb NOT NULL,
    accepted_by text,
    accepted_at timestamp with time zone,
    published_by text,
    published_at timestamp with time zone,
    taken_out jsonb DEFAULT '{}'::jsonb NOT NULL,
    causes text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT schedules_check CHECK (((accepted_by IS NULL) = (accepted_at IS NULL))),
    CONSTRAINT schedules_check1 CHECK (((published_by IS NULL) = (published_at IS NULL))),
    CONSTRAINT schedules_check2 CHECK (((state <> 'accepted'::text) OR (accepted_at IS NOT NULL))),
    CONSTRAINT schedules_check3 CHECK (((state <> 'published'::text) OR (published_at IS NOT NULL))),
    CONSTRAINT schedules_costs_check CHECK ((jsonb_typeof(costs) = 'object'::text)),
    CONSTRAINT schedules_dates_check CHECK (((dates >= 1) AND (dates <= 31))),
    CONSTRAINT schedules_reasons_check CHECK ((jsonb_typeof(reasons) = 'object'::text)),
    CONSTRAINT schedules_seconds_check CHECK ((seconds >= (0)::double precision)),
    CONSTRAINT schedules_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'accepted'::text, 'published'::text, 'superseded'::text]))),
    CONSTRAINT schedules_taken_out_check CHECK ((jsonb_typeof(taken_out) = 'object'::text)),
    CONSTRAINT schedules_version_check CHECK ((version >= 1)),
    CONSTRAINT schedules_weights_version_check CHECK ((weights_version >= 0))
);

ALTER TABLE public.schedules ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.scheduling_weights (
    site_id integer NOT NULL,
    version integer NOT NULL,
    document jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT scheduling_weights_document_check CHECK ((jsonb_typeof(document) = 'object'::text)),
    CONSTRAINT scheduling_weights_version_check CHECK ((version >= 1))
);

CREATE TABLE public.self_help (
    id integer NOT NULL,
    site_id integer NOT NULL,
    asset_class text NOT NULL,
    asset_id integer,
    title text NOT NULL,
    steps text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    retired_by text,
    CONSTRAINT self_help_asset_class_check CHECK ((length(asset_class) <= 100)),
    CONSTRAINT self_help_check CHECK (((retired_at IS NULL) = (retired_by IS NULL))),
    CONSTRAINT self_help_of_one CHECK (((asset_class = ''::text) OR (asset_id IS NULL))),
    CONSTRAINT self_help_steps_check CHECK (((length(steps) >= 1) AND (length(steps) <= 4000))),
    CONSTRAINT self_help_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE public.self_help ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.self_help_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sessions (
    token_sha256 bytea NOT NULL,
    user_name text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT sessions_check CHECK ((ends_at > began_at)),
    CONSTRAINT sessions_token_sha256_check CHECK ((length(token_sha256) = 32))
);

CREATE TABLE public.shadow_orders (
    run_id bigint NOT NULL,
    id uuid NOT NULL,
    asset_id integer NOT NULL,
    component text NOT NULL,
    failure_mode text NOT NULL,
    type text NOT NULL,
    opened_as text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    why text NOT NULL,
    evidence integer DEFAULT 1 NOT NULL,
    duplicate_of uuid
);

CREATE TABLE public.shadow_runs (
    id bigint NOT NULL,
    name text NOT NULL,
    rulebook jsonb,
    models jsonb,
    begun_by text NOT NULL,
    begun_why text NOT NULL,
    begun_at timestamp with time zone DEFAULT now() NOT NULL,
    outcome text,
    ended_by text,
    ended_why text,
    ended_at timestamp with time zone,
    CONSTRAINT shadow_runs_check CHECK (((rulebook IS NOT NULL) OR (models IS NOT NULL))),
    CONSTRAINT shadow_runs_check1 CHECK (((outcome IS NULL) = (ended_at IS NULL))),
    CONSTRAINT shadow_runs_outcome_check CHECK ((outcome = ANY (ARRAY['promoted'::text, 'dropped'::text])))
);

ALTER TABLE public.shadow_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.shadow_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.shift_patterns (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    anchor date NOT NULL,
    days smallint NOT NULL,
    CONSTRAINT shift_patterns_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT shift_patterns_days_check CHECK (((days >= 1) AND (days <= 366))),
    CONSTRAINT shift_patterns_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE public.shift_patterns ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.shift_patterns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.shifts (
    pattern_id integer NOT NULL,
    site_id integer NOT NULL,
    day smallint NOT NULL,
    starts time without time zone NOT NULL,
    ends time without time zone NOT NULL,
    break_starts time without time zone,
    break_minutes smallint DEFAULT 0 NOT NULL,
    CONSTRAINT shifts_break_minutes_check CHECK (((break_minutes >= 0) AND (break_minutes <= 480))),
    CONSTRAINT shifts_breaks_have_a_time CHECK (((break_starts IS NULL) = (break_minutes = 0))),
    CONSTRAINT shifts_day_check CHECK (((day >= 0) AND (day <= 365)))
);

CREATE TABLE public.sign_in_attempts (
    bucket bytea NOT NULL,
    began_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL
);

CREATE TABLE public.signal_aliases (
    asset_id integer NOT NULL,
    alias text NOT NULL,
    signal_id integer NOT NULL,
    valid_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    valid_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT signal_aliases_check CHECK ((valid_to > valid_from))
);

CREATE TABLE public.signal_versions (
    signal_id integer NOT NULL,
    version integer NOT NULL,
    quantity text,
    unit text DEFAULT ''::text NOT NULL,
    valid_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    states jsonb,
    counter boolean DEFAULT false NOT NULL,
    wraps_at double precision,
    plausible_low double precision,
    plausible_high double precision,
    CONSTRAINT signal_versions_one_meaning CHECK (((NOT (counter AND (states IS NOT NULL))) AND (counter OR (wraps_at IS NULL)))),
    CONSTRAINT signal_versions_plausible CHECK ((plausible_low < plausible_high)),
    CONSTRAINT signal_versions_states_check CHECK (((jsonb_typeof(states) = 'object'::text) AND (states <> '{}'::jsonb))),
    CONSTRAINT signal_versions_wraps_at_check CHECK ((wraps_at > (0)::double precision))
);

CREATE TABLE public.signals (
    id integer NOT NULL,
    asset_id integer NOT NULL,
    name text NOT NULL,
    label text,
    CONSTRAINT signals_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}$'::text))
);

ALTER TABLE public.signals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.site_calendars (
    site_id integer NOT NULL,
    country text,
    subdivision text,
    shifts jsonb NOT NULL,
    closed_on date[] DEFAULT '{}'::date[] NOT NULL,
    works_on date[] DEFAULT '{}'::date[] NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.site_document_versions (
    document_id integer NOT NULL,
    version integer NOT NULL,
    document jsonb,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT site_document_versions_version_check CHECK ((version >= 1)),
    CONSTRAINT site_document_versions_why_check CHECK ((length(why) <= 2000))
);

CREATE TABLE public.site_documents (
    id integer NOT NULL,
    site_id integer NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    document jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT site_documents_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT site_documents_kind_check CHECK ((kind = 'escalation_policy'::text)),
    CONSTRAINT site_documents_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200))),
    CONSTRAINT site_documents_version_check CHECK ((version >= 1))
);

ALTER TABLE public.site_documents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.site_documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.site_targets (
    site_id integer NOT NULL,
    priority smallint NOT NULL,
    response_minutes integer NOT NULL,
    completion_minutes integer NOT NULL,
    working boolean NOT NULL,
    CONSTRAINT site_targets_check CHECK ((completion_minutes >= response_minutes)),
    CONSTRAINT site_targets_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT site_targets_response_minutes_check CHECK ((response_minutes > 0))
);

CREATE TABLE public.sites (
    id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    last_number integer DEFAULT 1000 NOT NULL,
    currency text,
    chief text,
    CONSTRAINT sites_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'::text)),
    CONSTRAINT sites_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text))
);

ALTER TABLE public.sites ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sites_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.skill_certificates (
    site_id integer NOT NULL,
    skill text NOT NULL,
    certificates text[] NOT NULL,
    CONSTRAINT skill_certificates_skill_check CHECK (((length(skill) >= 1) AND (length(skill) <= 200)))
);

CREATE TABLE public.skill_rules (
    site_id integer NOT NULL,
    of text NOT NULL,
    code text NOT NULL,
    skill text,
    level smallint DEFAULT 1 NOT NULL,
    CONSTRAINT skill_rules_code_check CHECK (((length(code) >= 1) AND (length(code) <= 100))),
    CONSTRAINT skill_rules_level_check CHECK (((level >= 1) AND (level <= 5))),
    CONSTRAINT skill_rules_of_check CHECK ((of = ANY (ARRAY['component'::text, 'failure_mode'::text]))),
    CONSTRAINT skill_rules_skill_check CHECK (((length(skill) >= 1) AND (length(skill) <= 200)))
);

CREATE TABLE public.sparkplug_births (
    group_id text NOT NULL,
    node_id text NOT NULL,
    device_id text NOT NULL,
    payload bytea NOT NULL,
    alive boolean NOT NULL,
    awaited_us bigint
);

CREATE TABLE public.sparkplug_nodes (
    group_id text NOT NULL,
    node_id text NOT NULL,
    bd_seq bigint,
    seq smallint,
    trusted boolean NOT NULL
);

CREATE TABLE public.stock_bins (
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    site_id integer NOT NULL,
    bin_id integer NOT NULL,
    lot text DEFAULT ''::text NOT NULL,
    quantity numeric(14,3) DEFAULT 0 NOT NULL,
    shortage numeric(14,3) DEFAULT 0 NOT NULL,
    since bigint NOT NULL,
    CONSTRAINT stock_bins_lot_check CHECK ((length(lot) <= 64)),
    CONSTRAINT stock_bins_never_negative CHECK (((quantity >= (0)::numeric) AND (shortage >= (0)::numeric)))
);

CREATE TABLE public.stock_levels (
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    site_id integer NOT NULL,
    on_hand numeric(14,3) DEFAULT 0 NOT NULL,
    reserved numeric(14,3) DEFAULT 0 NOT NULL,
    shortage numeric(14,3) DEFAULT 0 NOT NULL,
    minimum numeric(14,3),
    reorder_point numeric(14,3),
    reorder_quantity numeric(14,3),
    CONSTRAINT stock_levels_minimum_below_reorder_point CHECK ((minimum <= reorder_point)),
    CONSTRAINT stock_levels_minimum_check CHECK ((minimum >= (0)::numeric)),
    CONSTRAINT stock_levels_never_negative CHECK (((on_hand >= (0)::numeric) AND (shortage >= (0)::numeric))),
    CONSTRAINT stock_levels_reorder_point_check CHECK ((reorder_point >= (0)::numeric)),
    CONSTRAINT stock_levels_reorder_quantity_check CHECK ((reorder_quantity > (0)::numeric)),
    CONSTRAINT stock_levels_reserved_is_there CHECK (((reserved >= (0)::numeric) AND (reserved <= on_hand)))
);

CREATE TABLE public.stock_movements (
    id bigint NOT NULL,
    site_id integer NOT NULL,
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    bin_id integer,
    lot text DEFAULT ''::text NOT NULL,
    kind text NOT NULL,
    quantity numeric(14,3) DEFAULT 0 NOT NULL,
    reserved numeric(14,3) DEFAULT 0 NOT NULL,
    shortage numeric(14,3) DEFAULT 0 NOT NULL,
    order_id uuid,
    line integer,
    request_id integer,
    emergency boolean DEFAULT false NOT NULL,
    unit_cost numeric(16,4),
    currency text,
    said text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT stock_movements_by_kind CHECK (
CASE kind
    WHEN 'receive'::text THEN ((quantity > (0)::numeric) AND (reserved = (0)::numeric) AND (shortage = (0)::numeric) AND (order_id IS NULL) AND (bin_id IS NOT NULL))
    WHEN 'issue'::text THEN ((quantity <= (0)::numeric) AND (shortage >= (0)::numeric) AND (quantity < shortage) AND ((reserved >= quantity) AND (reserved <= (0)::numeric)) AND ((shortage = (0)::numeric) OR emergency) AND (bin_id IS NOT NULL))
    WHEN 'return'::text THEN ((quantity > (0)::numeric) AND (reserved = (0)::numeric) AND (shortage = (0)::numeric) AND (bin_id IS NOT NULL))
    WHEN 'count'::text THEN ((reserved = (0)::numeric) AND (shortage <= (0)::numeric) AND (order_id IS NULL) AND (bin_id IS NOT NULL))
    WHEN 'adjust'::text THEN ((quantity <> (0)::numeric) AND (reserved = (0)::numeric) AND (shortage = (0)::numeric) AND (order_id IS NULL) AND (bin_id IS NOT NULL))
    WHEN 'transfer'::text THEN ((quantity <> (0)::numeric) AND (reserved = (0)::numeric) AND (shortage = (0)::numeric) AND (order_id IS NULL) AND (bin_id IS NOT NULL))
    WHEN 'reserve'::text THEN ((quantity = (0)::numeric) AND (reserved > (0)::numeric) AND (shortage = (0)::numeric) AND (order_id IS NOT NULL) AND (bin_id IS NULL))
    WHEN 'release'::text THEN ((quantity = (0)::numeric) AND (reserved < (0)::numeric) AND (shortage = (0)::numeric) AND (order_id IS NOT NULL) AND (bin_id IS NULL))
    ELSE false
END),
    CONSTRAINT stock_movements_cost_has_a_currency CHECK (((unit_cost IS NULL) = (currency IS NULL))),
    CONSTRAINT stock_movements_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT stock_movements_line_of_an_order CHECK (((order_id IS NULL) = (line IS NULL))),
    CONSTRAINT stock_movements_lot_check CHECK ((length(lot) <= 64)),
    CONSTRAINT stock_movements_said_check CHECK ((length(said) <= 60)),
    CONSTRAINT stock_movements_unit_cost_check CHECK ((unit_cost >= (0)::numeric)),
    CONSTRAINT stock_movements_why_check CHECK ((length(why) <= 4000))
);

ALTER TABLE public.stock_movements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stock_movements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stores (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    CONSTRAINT stores_code_check CHECK (((length(code) >= 1) AND (length(code) <= 64))),
    CONSTRAINT stores_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE public.stores ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stores_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.survival_functions (
    asset_id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    days double precision[] NOT NULL,
    failed double precision[] NOT NULL,
    model_version text NOT NULL,
    CONSTRAINT survival_functions_days CHECK (((days[1] > (0)::double precision) AND public.never_falls(days))),
    CONSTRAINT survival_functions_points CHECK ((((cardinality(days) >= 1) AND (cardinality(days) <= 200)) AND (cardinality(failed) = cardinality(days)))),
    CONSTRAINT survival_functions_probabilities CHECK (((failed[1] >= (0)::double precision) AND (failed[cardinality(failed)] <= (1)::double precision) AND public.never_falls(failed)))
);

CREATE TABLE public.sync_devices (
    id uuid NOT NULL,
    person text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    app text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    known_seq bigint DEFAULT 0 NOT NULL,
    lost bigint DEFAULT 0 NOT NULL,
    unsent integer DEFAULT 0 NOT NULL,
    skew_s double precision DEFAULT 0 NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    wiped_at timestamp with time zone,
    CONSTRAINT sync_devices_app_check CHECK (((length(app) >= 1) AND (length(app) <= 64))),
    CONSTRAINT sync_devices_check CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT sync_devices_known_seq_check CHECK ((known_seq >= 0)),
    CONSTRAINT sync_devices_lost_check CHECK ((lost >= 0)),
    CONSTRAINT sync_devices_name_check CHECK ((length(name) <= 100)),
    CONSTRAINT sync_devices_unsent_check CHECK ((unsent >= 0)),
    CONSTRAINT sync_devices_wiped_if_revoked CHECK (((wiped_at IS NULL) OR (revoked_at IS NOT NULL)))
);

CREATE TABLE public.sync_operations (
    op_id uuid NOT NULL,
    device_id uuid NOT NULL,
    person text NOT NULL,
    seq bigint,
    order_id uuid,
    site_id integer,
    kind text NOT NULL,
    body jsonb NOT NULL,
    fingerprint bytea NOT NULL,
    occurred_at timestamp with time zone,
    skew_s double precision DEFAULT 0 NOT NULL,
    received_at timestamp with time zone NOT NULL,
    verdict text NOT NULL,
    answer jsonb NOT NULL,
    decision text,
    decided_by text,
    decided_at timestamp with time zone,
    decided_why text DEFAULT ''::text NOT NULL,
    CONSTRAINT sync_operations_check CHECK (((decision IS NULL) = (decided_at IS NULL))),
    CONSTRAINT sync_operations_check1 CHECK (((decision IS NULL) = (decided_by IS NULL))),
    CONSTRAINT sync_operations_decided_if_waiting CHECK (((decision IS NULL) OR (verdict = ANY (ARRAY['kept'::text, 'conflict'::text])))),
    CONSTRAINT sync_operations_decided_why_check CHECK ((length(decided_why) <= 2000)),
    CONSTRAINT sync_operations_decision_check CHECK ((decision = ANY (ARRAY['taken_over'::text, 'set_aside'::text, 'resolved'::text]))),
    CONSTRAINT sync_operations_kind_check CHECK ((length(kind) <= 64)),
    CONSTRAINT sync_operations_seq_check CHECK ((seq >= 1)),
    CONSTRAINT sync_operations_verdict_check CHECK ((verdict = ANY (ARRAY['applied'::text, 'merged'::text, 'conflict'::text, 'kept'::text, 'refused'::text])))
);

CREATE TABLE public.sync_upload_pieces (
    upload_id uuid NOT NULL,
    begins_at integer NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT sync_upload_pieces_begins_at_check CHECK ((begins_at >= 0)),
    CONSTRAINT sync_upload_pieces_content_check CHECK (((length(content) >= 1) AND (length(content) <= 1000000)))
);

CREATE TABLE public.sync_uploads (
    id uuid NOT NULL,
    device_id uuid NOT NULL,
    order_id uuid NOT NULL,
    site_id integer NOT NULL,
    name text NOT NULL,
    size integer NOT NULL,
    sha256 bytea NOT NULL,
    received integer DEFAULT 0 NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    stored_at timestamp with time zone,
    refused text,
    CONSTRAINT sync_uploads_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT sync_uploads_no_more_than_the_whole CHECK (((received >= 0) AND (received <= size))),
    CONSTRAINT sync_uploads_refused_check CHECK (((length(refused) >= 1) AND (length(refused) <= 2000))),
    CONSTRAINT sync_uploads_sha256_check CHECK ((length(sha256) = 32)),
    CONSTRAINT sync_uploads_size_check CHECK (((size >= 1) AND (size <= 10000000))),
    CONSTRAINT sync_uploads_stored_or_refused CHECK (((stored_at IS NULL) OR (refused IS NULL))),
    CONSTRAINT sync_uploads_whole_if_stored CHECK (((stored_at IS NULL) OR (received = size)))
);

CREATE TABLE public.taken_messages (
    token integer NOT NULL,
    digest bytea NOT NULL
);

CREATE TABLE public.technician_rates (
    technician_id integer NOT NULL,
    site_id integer NOT NULL,
    currency text NOT NULL,
    per_hour numeric(16,4) NOT NULL,
    overtime_per_hour numeric(16,4) NOT NULL,
    per_day numeric(16,4) DEFAULT 0 NOT NULL,
    CONSTRAINT technician_rates_overtime_per_hour_check CHECK ((overtime_per_hour >= (0)::numeric)),
    CONSTRAINT technician_rates_per_day_check CHECK ((per_day >= (0)::numeric)),
    CONSTRAINT technician_rates_per_hour_check CHECK ((per_hour >= (0)::numeric))
);

CREATE TABLE public.technicians (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    skills text[] DEFAULT '{}'::text[] NOT NULL,
    certificates text[] DEFAULT '{}'::text[] NOT NULL,
    shift_start time without time zone DEFAULT '07:00:00'::time without time zone NOT NULL,
    shift_end time without time zone DEFAULT '15:00:00'::time without time zone NOT NULL,
    weekdays smallint[] DEFAULT '{1,2,3,4,5}'::smallint[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    levels jsonb DEFAULT '{}'::jsonb NOT NULL,
    valid_until jsonb DEFAULT '{}'::jsonb NOT NULL,
    firm text,
    contract_from date,
    contract_until date,
    pattern_id integer,
    pattern_offset smallint DEFAULT 0 NOT NULL,
    overtime_minutes smallint DEFAULT 0 NOT NULL,
    depot_id integer,
    speed numeric(4,2) DEFAULT 1 NOT NULL,
    language text,
    CONSTRAINT technicians_contract_ends_after_it_begins CHECK ((contract_until >= contract_from)),
    CONSTRAINT technicians_firm_check CHECK (((length(firm) >= 1) AND (length(firm) <= 200))),
    CONSTRAINT technicians_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT technicians_levels_check CHECK (public.levels_are_valid(levels)),
    CONSTRAINT technicians_overtime_minutes_check CHECK (((overtime_minutes >= 0) AND (overtime_minutes <= 720))),
    CONSTRAINT technicians_pattern_offset_check CHECK (((pattern_offset >= 0) AND (pattern_offset <= 365))),
    CONSTRAINT technicians_speed_check CHECK (((speed >= 0.2) AND (speed <= (5)::numeric))),
    CONSTRAINT technicians_valid_until_check CHECK (public.dates_are_valid(valid_until))
);

ALTER TABLE public.technicians ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.technicians_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tool_bookings (
    id integer NOT NULL,
    site_id integer NOT NULL,
    tool_id integer NOT NULL,
    order_id uuid,
    borrower text NOT NULL,
    during tstzrange NOT NULL,
    state text DEFAULT 'booked'::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    booked_at timestamp with time zone NOT NULL,
    booked_by text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT tool_bookings_borrower_check CHECK (((length(borrower) >= 1) AND (length(borrower) <= 200))),
    CONSTRAINT tool_bookings_during_check CHECK (((NOT isempty(during)) AND (NOT lower_inf(during)) AND (NOT upper_inf(during)))),
    CONSTRAINT tool_bookings_ended_by_somebody CHECK ((((ended_at IS NULL) = (state = ANY (ARRAY['booked'::text, 'out'::text]))) AND ((ended_at IS NULL) = (ended_by IS NULL)))),
    CONSTRAINT tool_bookings_note_check CHECK ((length(note) <= 1000)),
    CONSTRAINT tool_bookings_state_check CHECK ((state = ANY (ARRAY['booked'::text, 'out'::text, 'returned'::text, 'cancelled'::text])))
);

ALTER TABLE public.tool_bookings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tool_bookings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tool_loans (
    id integer NOT NULL,
    site_id integer NOT NULL,
    tool_id integer NOT NULL,
    order_id uuid,
    borrower text NOT NULL,
    during tstzrange NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lent_by text NOT NULL,
    returned_to text,
    note text DEFAULT ''::text NOT NULL,
    booking_id integer,
    recorded_at timestamp with time zone,
    CONSTRAINT tool_loans_borrower_check CHECK (((length(borrower) >= 1) AND (length(borrower) <= 200))),
    CONSTRAINT tool_loans_due_after_it_is_lent CHECK ((due_at > lower(during))),
    CONSTRAINT tool_loans_during_check CHECK (((NOT isempty(during)) AND (NOT lower_inf(during)))),
    CONSTRAINT tool_loans_note_check CHECK ((length(note) <= 1000)),
    CONSTRAINT tool_loans_returned_to_somebody CHECK ((upper_inf(during) = (returned_to IS NULL)))
);

ALTER TABLE public.tool_loans ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tool_loans_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tools (
    id integer NOT NULL,
    site_id integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kept_at text DEFAULT ''::text NOT NULL,
    retired_at timestamp with time zone,
    kind text DEFAULT 'tool'::text NOT NULL,
    CONSTRAINT tools_code_check CHECK (((length(code) >= 1) AND (length(code) <= 64))),
    CONSTRAINT tools_kept_at_check CHECK ((length(kept_at) <= 200)),
    CONSTRAINT tools_kind_check CHECK ((kind = ANY (ARRAY['tool'::text, 'vehicle'::text]))),
    CONSTRAINT tools_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE public.tools ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tools_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.triage_in_force (
    site_id integer NOT NULL,
    seq integer NOT NULL,
    number integer,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT triage_in_force_seq_check CHECK ((seq >= 1))
);

CREATE TABLE public.triage_labels (
    order_id uuid NOT NULL,
    field text NOT NULL,
    suggested text NOT NULL,
    chosen text NOT NULL,
    source text NOT NULL,
    number integer,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT triage_labels_field_check CHECK ((field = ANY (ARRAY['type'::text, 'priority'::text, 'asset'::text, 'component'::text, 'failure_mode'::text, 'skill'::text, 'plan'::text]))),
    CONSTRAINT triage_labels_source_check CHECK ((source = ANY (ARRAY['danger'::text, 'words'::text, 'learned'::text])))
);

CREATE TABLE public.triage_models (
    site_id integer NOT NULL,
    number integer NOT NULL,
    field text NOT NULL,
    facts jsonb NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT triage_models_content_check CHECK ((length(content) <= 100000000)),
    CONSTRAINT triage_models_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT triage_models_facts_check CHECK ((jsonb_typeof(facts) = 'object'::text)),
    CONSTRAINT triage_models_field_check CHECK ((field = ANY (ARRAY['type'::text, 'priority'::text, 'asset'::text, 'component'::text, 'failure_mode'::text, 'skill'::text, 'plan'::text])))
);

CREATE TABLE public.triage_versions (
    site_id integer NOT NULL,
    number integer NOT NULL,
    texts integer NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    run_id uuid,
    CONSTRAINT triage_versions_number_check CHECK ((number >= 1)),
    CONSTRAINT triage_versions_texts_check CHECK ((texts >= 0))
);

CREATE TABLE public.uploads (
    id uuid NOT NULL,
    site_id integer NOT NULL,
    name text NOT NULL,
    size integer NOT NULL,
    content bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    CONSTRAINT uploads_size_check CHECK (((size >= 1) AND (size <= 20000000)))
);
ALTER TABLE ONLY public.uploads ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE public.users (
    name text NOT NULL,
    full_name text DEFAULT ''::text NOT NULL,
    password_hash text NOT NULL,
    must_change boolean NOT NULL,
    roles text[] NOT NULL,
    sites text[],
    technician_id integer,
    disabled_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    signed_in_at timestamp with time zone,
    sees_costs boolean DEFAULT false NOT NULL,
    language text,
    CONSTRAINT users_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT users_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'::text)),
    CONSTRAINT users_roles_check CHECK (((cardinality(roles) > 0) AND (roles <@ ARRAY['viewer'::text, 'requester'::text, 'technician'::text, 'storekeeper'::text, 'planner'::text, 'reliability_engineer'::text, 'administrator'::text]))),
    CONSTRAINT users_sites_check CHECK ((cardinality(sites) > 0))
);

CREATE TABLE public.visit_actuals (
    schedule_id integer NOT NULL,
    order_id uuid NOT NULL,
    part smallint NOT NULL,
    site_id integer NOT NULL,
    technician_id integer,
    from_place text,
    place text,
    planned_starts timestamp with time zone NOT NULL,
    planned_ends timestamp with time zone NOT NULL,
    planned_travel integer,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    worked double precision NOT NULL,
    travelled double precision,
    CONSTRAINT visit_actuals_check CHECK ((planned_starts < planned_ends)),
    CONSTRAINT visit_actuals_check1 CHECK ((started_at < ended_at)),
    CONSTRAINT visit_actuals_part_check CHECK (((part >= 1) AND (part <= 99))),
    CONSTRAINT visit_actuals_planned_travel_check CHECK ((planned_travel >= 0)),
    CONSTRAINT visit_actuals_travelled_check CHECK ((travelled >= (0)::double precision)),
    CONSTRAINT visit_actuals_worked_check CHECK ((worked >= (0)::double precision))
);

CREATE TABLE public.visit_people (
    visit_id integer NOT NULL,
    "position" smallint NOT NULL,
    technician_id integer NOT NULL,
    during tstzrange NOT NULL,
    published boolean DEFAULT false NOT NULL,
    CONSTRAINT visit_people_during_check CHECK ((NOT isempty(during))),
    CONSTRAINT visit_people_position_check CHECK (("position" >= 0))
);

CREATE TABLE public.ways (
    site_id integer NOT NULL,
    from_id integer NOT NULL,
    to_id integer NOT NULL,
    minutes integer NOT NULL,
    km double precision,
    CONSTRAINT ways_check CHECK ((from_id <> to_id)),
    CONSTRAINT ways_km_check CHECK (((km >= (0)::double precision) AND (km <= (100000)::double precision))),
    CONSTRAINT ways_minutes_check CHECK (((minutes >= 0) AND (minutes <= 10000)))
);

CREATE TABLE public.work_orders (
    id uuid NOT NULL,
    site_id integer NOT NULL,
    number text NOT NULL,
    asset_id integer,
    asset_path text NOT NULL,
    component text NOT NULL,
    failure_mode text NOT NULL,
    type text NOT NULL,
    origin text NOT NULL,
    priority smallint NOT NULL,
    priority_reason text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    status_since timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    required_skill text,
    assignee_id integer,
    assignment_note text,
    response_due timestamp with time zone,
    completion_due timestamp with time zone,
    escalation smallint DEFAULT 0 NOT NULL,
    follows uuid,
    duplicate_of uuid,
    close_finding text,
    close_failure_mode text,
    close_cause text,
    close_remedy text,
    close_note text,
    version integer DEFAULT 1 NOT NULL,
    location_id integer,
    other_skills text[] DEFAULT '{}'::text[] NOT NULL,
    required_certificates text[] DEFAULT '{}'::text[] NOT NULL,
    required_tools text[] DEFAULT '{}'::text[] NOT NULL,
    requested_by text,
    requested_for timestamp with time zone,
    scheduled_start timestamp with time zone,
    scheduled_end timestamp with time zone,
    response_warn_at timestamp with time zone,
    completion_warn_at timestamp with time zone,
    warned smallint DEFAULT 0 NOT NULL,
    hold_reason text,
    estimated_hours double precision,
    actual_hours double precision,
    cost numeric(14,2),
    currency text,
    plan text,
    plan_version integer,
    done_by text,
    close_mechanism text,
    close_downtime_minutes integer,
    close_readings jsonb,
    CONSTRAINT work_orders_actual_hours_check CHECK ((actual_hours >= (0)::double precision)),
    CONSTRAINT work_orders_are_somewhere CHECK (((asset_id IS NOT NULL) OR (location_id IS NOT NULL))),
    CONSTRAINT work_orders_check CHECK ((scheduled_end > scheduled_start)),
    CONSTRAINT work_orders_close_downtime_minutes_check CHECK ((close_downtime_minutes >= 0)),
    CONSTRAINT work_orders_close_finding_check CHECK ((close_finding = ANY (ARRAY['confirmed'::text, 'nothing_found'::text, 'other_cause'::text]))),
    CONSTRAINT work_orders_cost_check CHECK ((cost >= (0)::numeric)),
    CONSTRAINT work_orders_cost_has_a_currency CHECK (((cost IS NULL) = (currency IS NULL))),
    CONSTRAINT work_orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT work_orders_estimated_hours_check CHECK ((estimated_hours >= (0)::double precision)),
    CONSTRAINT work_orders_hold_reason_check CHECK ((hold_reason = ANY (ARRAY['parts'::text, 'permit'::text, 'access'::text, 'customer'::text, 'other'::text]))),
    CONSTRAINT work_orders_of_the_engine_are_about_assets CHECK (((origin <> 'engine'::text) OR ((asset_id IS NOT NULL) AND (status <> ALL (ARRAY['draft'::text, 'awaiting_approval'::text]))))),
    CONSTRAINT work_orders_origin_check CHECK ((origin = ANY (ARRAY['engine'::text, 'person'::text, 'schedule'::text]))),
    CONSTRAINT work_orders_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT work_orders_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'awaiting_approval'::text, 'open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text, 'in_progress'::text, 'on_hold'::text, 'completed'::text, 'verified'::text, 'closed'::text, 'cancelled'::text, 'cannot_complete'::text]))),
    CONSTRAINT work_orders_type_check CHECK ((type = ANY (ARRAY['preventive'::text, 'proactive'::text, 'predictive'::text, 'reactive'::text, 'emergency'::text, 'inspection'::text])))
);

CREATE TABLE public.work_rules (
    site_id integer NOT NULL,
    rest_minutes integer DEFAULT 660 NOT NULL,
    week_minutes integer DEFAULT 2880,
    warn_days integer DEFAULT 30 NOT NULL,
    detour numeric(4,2) DEFAULT 1.3 NOT NULL,
    walk_kmh numeric(5,1) DEFAULT 5 NOT NULL,
    walk_km numeric(5,1) DEFAULT 1 NOT NULL,
    town_kmh numeric(5,1) DEFAULT 30 NOT NULL,
    town_km numeric(5,1) DEFAULT 10 NOT NULL,
    road_kmh numeric(5,1) DEFAULT 60 NOT NULL,
    CONSTRAINT work_rules_classes_ascend CHECK ((walk_km <= town_km)),
    CONSTRAINT work_rules_detour_check CHECK (((detour >= (1)::numeric) AND (detour <= (5)::numeric))),
    CONSTRAINT work_rules_rest_minutes_check CHECK (((rest_minutes >= 0) AND (rest_minutes <= 1440))),
    CONSTRAINT work_rules_road_kmh_check CHECK ((road_kmh > (0)::numeric)),
    CONSTRAINT work_rules_town_km_check CHECK ((town_km >= (0)::numeric)),
    CONSTRAINT work_rules_town_kmh_check CHECK ((town_kmh > (0)::numeric)),
    CONSTRAINT work_rules_walk_km_check CHECK ((walk_km >= (0)::numeric)),
    CONSTRAINT work_rules_walk_kmh_check CHECK ((walk_kmh > (0)::numeric)),
    CONSTRAINT work_rules_warn_days_check CHECK (((warn_days >= 0) AND (warn_days <= 730))),
    CONSTRAINT work_rules_week_minutes_check CHECK (((week_minutes >= 60) AND (week_minutes <= 10080)))
);

ALTER TABLE ONLY public.absence_reasons
    ADD CONSTRAINT absence_reasons_pkey PRIMARY KEY (absence_id);

ALTER TABLE ONLY public.absences
    ADD CONSTRAINT absences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alarm_moves
    ADD CONSTRAINT alarm_moves_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alarm_points
    ADD CONSTRAINT alarm_points_pkey PRIMARY KEY (asset_id, source);

ALTER TABLE ONLY public.alarms
    ADD CONSTRAINT alarms_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_prefix_key UNIQUE (prefix);

ALTER TABLE ONLY public.asset_health
    ADD CONSTRAINT asset_health_pkey PRIMARY KEY (asset_id);

ALTER TABLE ONLY public.assets
    ADD CONSTRAINT assets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.assets
    ADD CONSTRAINT assets_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.attachment_contents
    ADD CONSTRAINT attachment_contents_pkey PRIMARY KEY (attachment_id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_anchored
    ADD CONSTRAINT audit_anchored_pkey PRIMARY KEY (anchor_id, order_id);

ALTER TABLE ONLY public.audit_anchors
    ADD CONSTRAINT audit_anchors_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_findings
    ADD CONSTRAINT audit_findings_pkey PRIMARY KEY (audit_id, seq);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_number_key UNIQUE (number);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.bills_of_material
    ADD CONSTRAINT bills_of_material_pkey PRIMARY KEY (site_id, asset_class, item_id);

ALTER TABLE ONLY public.bins
    ADD CONSTRAINT bins_id_store_id_key UNIQUE (id, store_id);

ALTER TABLE ONLY public.bins
    ADD CONSTRAINT bins_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.bins
    ADD CONSTRAINT bins_store_id_code_key UNIQUE (store_id, code);

ALTER TABLE ONLY public.broker_sessions
    ADD CONSTRAINT broker_sessions_pkey PRIMARY KEY (broker, client_id);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_token_sha256_key UNIQUE (token_sha256);

ALTER TABLE ONLY public.certificates_reported
    ADD CONSTRAINT certificates_reported_pkey PRIMARY KEY (technician_id, certificate, valid_until);

ALTER TABLE ONLY public.change_heads
    ADD CONSTRAINT change_heads_pkey PRIMARY KEY (chain);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_chain_seq_key UNIQUE (chain, seq);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.checklist_versions
    ADD CONSTRAINT checklist_versions_pkey PRIMARY KEY (checklist_id, version);

ALTER TABLE ONLY public.checklists
    ADD CONSTRAINT checklists_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.checklists
    ADD CONSTRAINT checklists_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.checkpoint_parts
    ADD CONSTRAINT checkpoint_parts_pkey PRIMARY KEY (format, judge, kind, asset);

ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (format);

ALTER TABLE ONLY public.cost_models
    ADD CONSTRAINT cost_models_once UNIQUE NULLS NOT DISTINCT (site_id, asset_id, class);

ALTER TABLE ONLY public.cost_models
    ADD CONSTRAINT cost_models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crew_members
    ADD CONSTRAINT crew_members_pkey PRIMARY KEY (crew_id, technician_id);

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.danger_words
    ADD CONSTRAINT danger_words_pkey PRIMARY KEY (site_id, version);

ALTER TABLE ONLY public.database_checks
    ADD CONSTRAINT database_checks_pkey PRIMARY KEY (process);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (receiver_id, event_id);

ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT delivery_attempts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.device_bindings
    ADD CONSTRAINT device_bindings_pkey PRIMARY KEY (device, asset);

ALTER TABLE ONLY public.engine_alarm_news
    ADD CONSTRAINT engine_alarm_news_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.engine_figures
    ADD CONSTRAINT engine_figures_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.engine_troubles
    ADD CONSTRAINT engine_troubles_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY public.entered_readings
    ADD CONSTRAINT entered_readings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.escalation_asks
    ADD CONSTRAINT escalation_asks_escalation_id_user_name_step_key UNIQUE (escalation_id, user_name, step);

ALTER TABLE ONLY public.escalation_asks
    ADD CONSTRAINT escalation_asks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.escalation_links
    ADD CONSTRAINT escalation_links_pkey PRIMARY KEY (token_sha256);

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_uid_key UNIQUE (uid);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (order_id, seq);

ALTER TABLE ONLY public.failed_points
    ADD CONSTRAINT failed_points_order_id_key UNIQUE (order_id);

ALTER TABLE ONLY public.failed_points
    ADD CONSTRAINT failed_points_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.fan_out
    ADD CONSTRAINT fan_out_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.fenced_off
    ADD CONSTRAINT fenced_off_pkey PRIMARY KEY (fence);

ALTER TABLE ONLY public.fleet_models
    ADD CONSTRAINT fleet_models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.fleet_models
    ADD CONSTRAINT fleet_models_version_key UNIQUE (version);

ALTER TABLE ONLY public.foreign_names
    ADD CONSTRAINT foreign_names_pkey PRIMARY KEY (site, asset, signal);

ALTER TABLE ONLY public.heartbeat
    ADD CONSTRAINT heartbeat_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.history_heads
    ADD CONSTRAINT history_heads_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY public.idempotent_answers
    ADD CONSTRAINT idempotent_answers_pkey PRIMARY KEY (actor, key);

ALTER TABLE ONLY public.import_places
    ADD CONSTRAINT import_places_pkey PRIMARY KEY (first);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.inspection_answers
    ADD CONSTRAINT inspection_answers_pkey PRIMARY KEY (round_id, "position", item);

ALTER TABLE ONLY public.inspection_history
    ADD CONSTRAINT inspection_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.inspection_numbers
    ADD CONSTRAINT inspection_numbers_pkey PRIMARY KEY (site_id, kind);

ALTER TABLE ONLY public.inspection_photos
    ADD CONSTRAINT inspection_photos_id_round_id_position_key UNIQUE (id, round_id, "position");

ALTER TABLE ONLY public.inspection_photos
    ADD CONSTRAINT inspection_photos_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.inspection_reports
    ADD CONSTRAINT inspection_reports_pkey PRIMARY KEY (round_id);

ALTER TABLE ONLY public.inspection_rounds
    ADD CONSTRAINT inspection_rounds_number_key UNIQUE (number);

ALTER TABLE ONLY public.inspection_rounds
    ADD CONSTRAINT inspection_rounds_order_id_key UNIQUE (order_id);

ALTER TABLE ONLY public.inspection_rounds
    ADD CONSTRAINT inspection_rounds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.inspection_route_stops
    ADD CONSTRAINT inspection_route_stops_pkey PRIMARY KEY (route_id, "position");

ALTER TABLE ONLY public.inspection_routes
    ADD CONSTRAINT inspection_routes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.inspection_routes
    ADD CONSTRAINT inspection_routes_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.inspection_stops
    ADD CONSTRAINT inspection_stops_pkey PRIMARY KEY (round_id, "position");

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_pkey PRIMARY KEY (asset_id, installed_at);

ALTER TABLE ONLY public.item_lots
    ADD CONSTRAINT item_lots_pkey PRIMARY KEY (item_id, lot);

ALTER TABLE ONLY public.item_units
    ADD CONSTRAINT item_units_pkey PRIMARY KEY (item_id, unit);

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.job_plans
    ADD CONSTRAINT job_plans_versions UNIQUE NULLS NOT DISTINCT (site_id, code, version);

ALTER TABLE ONLY public.judge_events
    ADD CONSTRAINT judge_events_arrival_key UNIQUE (arrival);

ALTER TABLE ONLY public.judge_events
    ADD CONSTRAINT judge_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.judge_position
    ADD CONSTRAINT judge_position_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_pkey PRIMARY KEY (user_name, token_sha256);

ALTER TABLE ONLY public.labour_rates
    ADD CONSTRAINT labour_rates_pkey PRIMARY KEY (site_id, skill, from_date);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.maintenance_occurrences
    ADD CONSTRAINT maintenance_occurrences_due_once UNIQUE (series_id, due_at);

ALTER TABLE ONLY public.maintenance_occurrences
    ADD CONSTRAINT maintenance_occurrences_pkey PRIMARY KEY (series_id, number);

ALTER TABLE ONLY public.maintenance_plan_versions
    ADD CONSTRAINT maintenance_plan_versions_pkey PRIMARY KEY (plan_id, version);

ALTER TABLE ONLY public.maintenance_plans
    ADD CONSTRAINT maintenance_plans_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.maintenance_plans
    ADD CONSTRAINT maintenance_plans_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.maintenance_series
    ADD CONSTRAINT maintenance_series_once UNIQUE NULLS NOT DISTINCT (plan_id, asset_id, location_id);

ALTER TABLE ONLY public.maintenance_series
    ADD CONSTRAINT maintenance_series_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.maintenance_wakes
    ADD CONSTRAINT maintenance_wakes_pkey PRIMARY KEY (series_id);

ALTER TABLE ONLY public.meter_entries
    ADD CONSTRAINT meter_entries_once UNIQUE (asset_id, signal, at, exchanged);

ALTER TABLE ONLY public.meter_entries
    ADD CONSTRAINT meter_entries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.new_events
    ADD CONSTRAINT new_events_pkey PRIMARY KEY (written);

ALTER TABLE ONLY public.notification_policies
    ADD CONSTRAINT notification_policies_pkey PRIMARY KEY (site_id, version);

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_pkey PRIMARY KEY (user_name);

ALTER TABLE ONLY public.on_call_gaps
    ADD CONSTRAINT on_call_gaps_pkey PRIMARY KEY (rota_id);

ALTER TABLE ONLY public.on_call_overrides
    ADD CONSTRAINT on_call_overrides_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.on_call_rota_people
    ADD CONSTRAINT on_call_rota_people_pkey PRIMARY KEY (rota_id, user_name);

ALTER TABLE ONLY public.on_call_rota_versions
    ADD CONSTRAINT on_call_rota_versions_pkey PRIMARY KEY (rota_id, version);

ALTER TABLE ONLY public.on_call_rotas
    ADD CONSTRAINT on_call_rotas_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.on_call_rotas
    ADD CONSTRAINT on_call_rotas_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.on_call_swaps
    ADD CONSTRAINT on_call_swaps_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.order_comments
    ADD CONSTRAINT order_comments_pkey PRIMARY KEY (order_id, seq);

ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_pkey PRIMARY KEY (order_id, seq);

ALTER TABLE ONLY public.order_links
    ADD CONSTRAINT order_links_pkey PRIMARY KEY (from_id, kind, to_id);

ALTER TABLE ONLY public.order_parts
    ADD CONSTRAINT order_parts_pkey PRIMARY KEY (order_id, line);

ALTER TABLE ONLY public.order_people
    ADD CONSTRAINT order_people_pkey PRIMARY KEY (technician_id, order_id);

ALTER TABLE ONLY public.order_steps
    ADD CONSTRAINT order_steps_pkey PRIMARY KEY (order_id, seq);

ALTER TABLE ONLY public.planned_downtimes
    ADD CONSTRAINT planned_downtimes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.portal_rules
    ADD CONSTRAINT portal_rules_pkey PRIMARY KEY (site_id);

ALTER TABLE ONLY public.price_list_lines
    ADD CONSTRAINT price_list_lines_pkey PRIMARY KEY (site_id, version, code);

ALTER TABLE ONLY public.price_lists
    ADD CONSTRAINT price_lists_pkey PRIMARY KEY (site_id, version);

ALTER TABLE ONLY public.pulse_key
    ADD CONSTRAINT pulse_key_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.purchase_requests
    ADD CONSTRAINT purchase_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_topic_payload_sha256_reason_problem_key UNIQUE (topic, payload_sha256, reason, problem);

ALTER TABLE ONLY public.quote_answers
    ADD CONSTRAINT quote_answers_pkey PRIMARY KEY (request_id, version);

ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT quote_lines_pkey PRIMARY KEY (request_id, version, seq);

ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT quotes_pkey PRIMARY KEY (request_id, version);

ALTER TABLE ONLY public.readings
    ADD CONSTRAINT readings_pkey PRIMARY KEY (signal_id, observed_at);

ALTER TABLE ONLY public.receivers
    ADD CONSTRAINT receivers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.request_checks
    ADD CONSTRAINT request_checks_pkey PRIMARY KEY (request_id, help_id);

ALTER TABLE ONLY public.request_links
    ADD CONSTRAINT request_links_pkey PRIMARY KEY (token_sha256);

ALTER TABLE ONLY public.request_mails
    ADD CONSTRAINT request_mails_pkey PRIMARY KEY (request_id, seq);

ALTER TABLE ONLY public.request_messages
    ADD CONSTRAINT request_messages_pkey PRIMARY KEY (request_id, seq);

ALTER TABLE ONLY public.request_numbers
    ADD CONSTRAINT request_numbers_pkey PRIMARY KEY (site_id);

ALTER TABLE ONLY public.request_people
    ADD CONSTRAINT request_people_pkey PRIMARY KEY (request_id);

ALTER TABLE ONLY public.request_photos
    ADD CONSTRAINT request_photos_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_number_key UNIQUE (number);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_token_sha256_key UNIQUE (token_sha256);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (order_id, line);

ALTER TABLE ONLY public.rules_in_shadow
    ADD CONSTRAINT rules_in_shadow_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.run_files
    ADD CONSTRAINT run_files_pkey PRIMARY KEY (run, name);

ALTER TABLE ONLY public.run_log
    ADD CONSTRAINT run_log_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.safety_proposals
    ADD CONSTRAINT safety_proposals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_pkey PRIMARY KEY (token);

ALTER TABLE ONLY public.schedule_disruptions
    ADD CONSTRAINT schedule_disruptions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schedule_inputs
    ADD CONSTRAINT schedule_inputs_pkey PRIMARY KEY (schedule_id);

ALTER TABLE ONLY public.schedule_visits
    ADD CONSTRAINT schedule_visits_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schedule_visits
    ADD CONSTRAINT schedule_visits_schedule_id_order_id_part_key UNIQUE (schedule_id, order_id, part);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_one_published EXCLUDE USING gist (int4range(site_id, site_id, '[]'::text) WITH &&, daterange(from_date, (from_date + (dates)::integer)) WITH &&) WHERE ((state = 'published'::text));

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.scheduling_weights
    ADD CONSTRAINT scheduling_weights_pkey PRIMARY KEY (site_id, version);

ALTER TABLE ONLY public.self_help
    ADD CONSTRAINT self_help_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_sha256);

ALTER TABLE ONLY public.shadow_orders
    ADD CONSTRAINT shadow_orders_pkey PRIMARY KEY (run_id, id);

ALTER TABLE ONLY public.shadow_runs
    ADD CONSTRAINT shadow_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.shift_patterns
    ADD CONSTRAINT shift_patterns_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.shift_patterns
    ADD CONSTRAINT shift_patterns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.shift_patterns
    ADD CONSTRAINT shift_patterns_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.shifts
    ADD CONSTRAINT shifts_pkey PRIMARY KEY (pattern_id, day);

ALTER TABLE ONLY public.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (bucket);

ALTER TABLE ONLY public.signal_aliases
    ADD CONSTRAINT signal_aliases_pkey PRIMARY KEY (asset_id, alias, valid_from);

ALTER TABLE ONLY public.signal_versions
    ADD CONSTRAINT signal_versions_pkey PRIMARY KEY (signal_id, version);

ALTER TABLE ONLY public.signals
    ADD CONSTRAINT signals_asset_id_name_key UNIQUE (asset_id, name);

ALTER TABLE ONLY public.signals
    ADD CONSTRAINT signals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.site_calendars
    ADD CONSTRAINT site_calendars_pkey PRIMARY KEY (site_id);

ALTER TABLE ONLY public.site_document_versions
    ADD CONSTRAINT site_document_versions_pkey PRIMARY KEY (document_id, version);

ALTER TABLE ONLY public.site_documents
    ADD CONSTRAINT site_documents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.site_documents
    ADD CONSTRAINT site_documents_site_id_kind_code_key UNIQUE (site_id, kind, code);

ALTER TABLE ONLY public.site_targets
    ADD CONSTRAINT site_targets_pkey PRIMARY KEY (site_id, priority);

ALTER TABLE ONLY public.sites
    ADD CONSTRAINT sites_code_key UNIQUE (code);

ALTER TABLE ONLY public.sites
    ADD CONSTRAINT sites_currency_key UNIQUE (id, currency);

ALTER TABLE ONLY public.sites
    ADD CONSTRAINT sites_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.skill_certificates
    ADD CONSTRAINT skill_certificates_pkey PRIMARY KEY (site_id, skill);

ALTER TABLE ONLY public.skill_rules
    ADD CONSTRAINT skill_rules_pkey PRIMARY KEY (site_id, of, code);

ALTER TABLE ONLY public.sparkplug_births
    ADD CONSTRAINT sparkplug_births_pkey PRIMARY KEY (group_id, node_id, device_id);

ALTER TABLE ONLY public.sparkplug_nodes
    ADD CONSTRAINT sparkplug_nodes_pkey PRIMARY KEY (group_id, node_id);

ALTER TABLE ONLY public.stock_bins
    ADD CONSTRAINT stock_bins_pkey PRIMARY KEY (item_id, bin_id, lot);

ALTER TABLE ONLY public.stock_levels
    ADD CONSTRAINT stock_levels_pkey PRIMARY KEY (item_id, store_id);

ALTER TABLE ONLY public.stock_movements
    ADD CONSTRAINT stock_movements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.survival_functions
    ADD CONSTRAINT survival_functions_pkey PRIMARY KEY (asset_id);

ALTER TABLE ONLY public.sync_devices
    ADD CONSTRAINT sync_devices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sync_operations
    ADD CONSTRAINT sync_operations_device_id_seq_key UNIQUE (device_id, seq);

ALTER TABLE ONLY public.sync_operations
    ADD CONSTRAINT sync_operations_pkey PRIMARY KEY (op_id);

ALTER TABLE ONLY public.sync_upload_pieces
    ADD CONSTRAINT sync_upload_pieces_pkey PRIMARY KEY (upload_id, begins_at);

ALTER TABLE ONLY public.sync_uploads
    ADD CONSTRAINT sync_uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.taken_messages
    ADD CONSTRAINT taken_messages_pkey PRIMARY KEY (token);

ALTER TABLE ONLY public.technician_rates
    ADD CONSTRAINT technician_rates_pkey PRIMARY KEY (technician_id);

ALTER TABLE ONLY public.technicians
    ADD CONSTRAINT technicians_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.technicians
    ADD CONSTRAINT technicians_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.technicians
    ADD CONSTRAINT technicians_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.tool_bookings
    ADD CONSTRAINT tool_bookings_one_at_a_time EXCLUDE USING gist (int4range(tool_id, tool_id, '[]'::text) WITH &&, during WITH &&) WHERE ((state = ANY (ARRAY['booked'::text, 'out'::text])));

ALTER TABLE ONLY public.tool_bookings
    ADD CONSTRAINT tool_bookings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tool_loans
    ADD CONSTRAINT tool_loans_booking_id_key UNIQUE (booking_id);

ALTER TABLE ONLY public.tool_loans
    ADD CONSTRAINT tool_loans_in_one_place EXCLUDE USING gist (int4range(tool_id, tool_id, '[]'::text) WITH &&, during WITH &&);

ALTER TABLE ONLY public.tool_loans
    ADD CONSTRAINT tool_loans_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tools
    ADD CONSTRAINT tools_id_site_id_key UNIQUE (id, site_id);

ALTER TABLE ONLY public.tools
    ADD CONSTRAINT tools_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tools
    ADD CONSTRAINT tools_site_id_code_key UNIQUE (site_id, code);

ALTER TABLE ONLY public.triage_in_force
    ADD CONSTRAINT triage_in_force_pkey PRIMARY KEY (site_id, seq);

ALTER TABLE ONLY public.triage_labels
    ADD CONSTRAINT triage_labels_pkey PRIMARY KEY (order_id, field);

ALTER TABLE ONLY public.triage_models
    ADD CONSTRAINT triage_models_pkey PRIMARY KEY (site_id, number, field);

ALTER TABLE ONLY public.triage_versions
    ADD CONSTRAINT triage_versions_pkey PRIMARY KEY (site_id, number);

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.visit_actuals
    ADD CONSTRAINT visit_actuals_pkey PRIMARY KEY (schedule_id, order_id, part);

ALTER TABLE ONLY public.visit_people
    ADD CONSTRAINT visit_people_in_one_place EXCLUDE USING gist (int4range(technician_id, technician_id, '[]'::text) WITH &&, during WITH &&) WHERE (published);

ALTER TABLE ONLY public.visit_people
    ADD CONSTRAINT visit_people_pkey PRIMARY KEY (visit_id, technician_id);

ALTER TABLE ONLY public.visit_people
    ADD CONSTRAINT visit_people_visit_id_position_key UNIQUE (visit_id, "position");

ALTER TABLE ONLY public.ways
    ADD CONSTRAINT ways_pkey PRIMARY KEY (from_id, to_id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_number_key UNIQUE (number);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.work_rules
    ADD CONSTRAINT work_rules_pkey PRIMARY KEY (site_id);

CREATE UNIQUE INDEX absences_begin_once ON public.absences USING btree (technician_id, starts_at);

CREATE INDEX alarm_moves_of_alarm ON public.alarm_moves USING btree (asset_id, source, id DESC);

CREATE INDEX alarm_points_not_normal ON public.alarm_points USING btree (state, severity) WHERE (state <> 'normal'::text);

CREATE INDEX alarms_by_source ON public.alarms USING btree (source, raised_at);

CREATE INDEX alarms_by_time ON public.alarms USING btree (raised_at DESC, id DESC);

CREATE INDEX alarms_over ON public.alarms USING btree (cleared_at) WHERE (cleared_at IS NOT NULL);

CREATE INDEX alarms_standing ON public.alarms USING btree (asset_id, source) WHERE (cleared_at IS NULL);

CREATE INDEX attachments_of_asset ON public.attachments USING btree (asset_id, at) WHERE (asset_id IS NOT NULL);

CREATE INDEX attachments_of_location ON public.attachments USING btree (location_id, at) WHERE (location_id IS NOT NULL);

CREATE INDEX attachments_of_order ON public.attachments USING btree (order_id, at);

CREATE INDEX audit_findings_by_due ON public.audit_findings USING btree (due, audit_id, seq) WHERE (state = ANY (ARRAY['open'::text, 'answered'::text]));

CREATE INDEX audit_findings_of_technician ON public.audit_findings USING btree (owner_technician_id) WHERE ((owner_technician_id IS NOT NULL) AND (state = 'open'::text));

CREATE INDEX audit_findings_of_user ON public.audit_findings USING btree (owner_user) WHERE ((owner_user IS NOT NULL) AND (state = 'open'::text));

CREATE INDEX bills_of_material_of_item ON public.bills_of_material USING btree (item_id);

CREATE INDEX calendar_feeds_by_owner ON public.calendar_feeds USING btree (owner, id);

CREATE INDEX change_heads_not_anchored ON public.change_heads USING btree (chain) WHERE (seq > anchored);

CREATE INDEX changes_from_safety_critical ON public.changes USING btree (asset_id, at) WHERE ((kind = 'asset'::text) AND (old @> '{"safety_critical": true}'::jsonb));

CREATE INDEX changes_of_asset ON public.changes USING btree (asset_id, id DESC) WHERE (asset_id IS NOT NULL);

CREATE INDEX changes_of_kind ON public.changes USING btree (kind, subject, id DESC);

CREATE INDEX changes_of_site ON public.changes USING btree (site, id DESC);

CREATE INDEX crew_members_of_technician ON public.crew_members USING btree (technician_id);

CREATE INDEX deliveries_held ON public.deliveries USING btree (due_at) WHERE (state = 'held'::text);

CREATE INDEX deliveries_made ON public.deliveries USING btree (receiver_id, made_at) WHERE (made_at IS NOT NULL);

CREATE INDEX deliveries_of_event ON public.deliveries USING btree (event_id);

CREATE INDEX deliveries_of_lead ON public.deliveries USING btree (receiver_id, lead) WHERE (lead IS NOT NULL);

CREATE INDEX deliveries_pending ON public.deliveries USING btree (receiver_id, event_id) WHERE (state = 'pending'::text);

CREATE INDEX deliveries_same ON public.deliveries USING btree (receiver_id, sameness, created_at) WHERE (sameness <> ''::text);

CREATE INDEX delivery_attempts_by_age ON public.delivery_attempts USING btree (at);

CREATE INDEX delivery_attempts_of_receiver ON public.delivery_attempts USING btree (receiver_id, id DESC);

CREATE INDEX escalation_asks_of_message ON public.escalation_asks USING btree (message_id);

CREATE INDEX escalation_asks_sent ON public.escalation_asks USING btree (user_name, sent_at);

CREATE INDEX escalation_asks_waiting ON public.escalation_asks USING btree (user_name) WHERE (message_id IS NULL);

CREATE INDEX escalation_links_expire ON public.escalation_links USING btree (expires_at);

CREATE INDEX escalations_due ON public.escalations USING btree (due_at) WHERE (state = 'running'::text);

CREATE INDEX escalations_newest ON public.escalations USING btree (site_id, id);

CREATE INDEX escalations_of_cause ON public.escalations USING btree (cause_key, id);

CREATE UNIQUE INDEX escalations_one_at_a_time ON public.escalations USING btree (cause_key) WHERE (state = ANY (ARRAY['running'::text, 'unanswered'::text]));

CREATE UNIQUE INDEX escalations_one_of_order ON public.escalations USING btree (order_id);

CREATE INDEX events_by_age ON public.events USING btree (recorded_at);

CREATE INDEX events_of_ask ON public.events USING btree (((data ->> 'message'::text))) WHERE (kind = 'escalation.asked'::text);

CREATE INDEX events_of_order ON public.events USING btree (order_id, id) WHERE (order_id IS NOT NULL);

CREATE INDEX failed_points_of_round ON public.failed_points USING btree (round_id, "position");

CREATE UNIQUE INDEX failed_points_one_unfinished_order ON public.failed_points USING btree (asset_id, checklist_id, item) WHERE (NOT settled);

CREATE INDEX fleet_models_by_class ON public.fleet_models USING btree (asset_class, id);

CREATE INDEX history_heads_not_anchored ON public.history_heads USING btree (order_id) WHERE (seq > anchored);

CREATE INDEX idempotent_answers_by_age ON public.idempotent_answers USING btree (at);

CREATE INDEX inspection_answers_by_age ON public.inspection_answers USING btree (at DESC, round_id DESC, "position" DESC, item DESC) WHERE (verdict IS NOT NULL);

CREATE INDEX inspection_answers_of_point ON public.inspection_answers USING btree (failed_point_id) WHERE (failed_point_id IS NOT NULL);

CREATE INDEX inspection_history_of_audit ON public.inspection_history USING btree (audit_id, id) WHERE (audit_id IS NOT NULL);

CREATE INDEX inspection_history_of_round ON public.inspection_history USING btree (round_id, id) WHERE (round_id IS NOT NULL);

CREATE INDEX inspection_photos_of_stop ON public.inspection_photos USING btree (round_id, "position");

CREATE INDEX inspection_rounds_by_age ON public.inspection_rounds USING btree (due_at DESC, id DESC);

CREATE INDEX inspection_rounds_missed ON public.inspection_rounds USING btree (finished_at) WHERE (status = 'missed'::text);

CREATE INDEX inspection_rounds_open ON public.inspection_rounds USING btree (site_id, due_at) WHERE (status = ANY (ARRAY['due'::text, 'under_way'::text, 'paused'::text]));

CREATE INDEX inspection_route_stops_of_asset ON public.inspection_route_stops USING btree (asset_id);

CREATE INDEX inspection_stops_of_asset ON public.inspection_stops USING btree (asset_id);

CREATE UNIQUE INDEX installations_one_place_at_a_time ON public.installations USING btree (asset_id) WHERE (removed_at IS NULL);

CREATE INDEX judge_events_documents ON public.judge_events USING btree (kind, id) WHERE (kind = ANY (ARRAY['rulebook'::text, 'models'::text, 'shadow'::text]));

CREATE INDEX judge_events_waiting ON public.judge_events USING btree (id) WHERE (arrival IS NULL);

CREATE INDEX maintenance_occurrences_by_due ON public.maintenance_occurrences USING btree (due_at, series_id);

CREATE INDEX maintenance_occurrences_of_order ON public.maintenance_occurrences USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX maintenance_occurrences_of_plan ON public.maintenance_occurrences USING btree (plan_id, due_at DESC, series_id);

CREATE INDEX maintenance_occurrences_open ON public.maintenance_occurrences USING btree (due_at, order_id) WHERE (status = ANY (ARRAY['generated'::text, 'merged'::text]));

CREATE INDEX maintenance_occurrences_to_apply ON public.maintenance_occurrences USING btree (series_id) WHERE ((status = 'completed'::text) AND (NOT applied));

CREATE INDEX maintenance_series_ahead ON public.maintenance_series USING btree (next_due, id) WHERE (next_due IS NOT NULL);

CREATE INDEX maintenance_series_of_asset ON public.maintenance_series USING btree (asset_id) WHERE (asset_id IS NOT NULL);

CREATE INDEX maintenance_series_to_look_at ON public.maintenance_series USING btree (call_at, id) WHERE (call_at IS NOT NULL);

CREATE INDEX on_call_overrides_by_user ON public.on_call_overrides USING btree (user_name);

CREATE INDEX on_call_overrides_of_rota ON public.on_call_overrides USING btree (rota_id, ends_at);

CREATE INDEX on_call_rota_people_by_user ON public.on_call_rota_people USING btree (user_name);

CREATE INDEX on_call_swaps_of_asker ON public.on_call_swaps USING btree (asker);

CREATE INDEX on_call_swaps_of_other ON public.on_call_swaps USING btree (other) WHERE (state = 'asked'::text);

CREATE INDEX on_call_swaps_of_rota ON public.on_call_swaps USING btree (rota_id, id DESC);

CREATE INDEX order_links_to ON public.order_links USING btree (to_id);

CREATE INDEX order_people_of_order ON public.order_people USING btree (order_id);

CREATE INDEX purchase_requests_of_site ON public.purchase_requests USING btree (site_id, id);

CREATE UNIQUE INDEX purchase_requests_one_open ON public.purchase_requests USING btree (item_id, store_id) WHERE (state = ANY (ARRAY['requested'::text, 'ordered'::text]));

CREATE INDEX quarantine_newest_first ON public.quarantine USING btree (last_received_at DESC, id DESC);

CREATE INDEX quarantine_to_be_tried ON public.quarantine USING btree (received_at, id) WHERE (retry_asked_at IS NOT NULL);

CREATE UNIQUE INDEX quotes_one_offered ON public.quotes USING btree (request_id) WHERE (state = 'offered'::text);

CREATE INDEX readings_by_arrival ON public.readings USING brin (arrival) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX readings_late ON public.readings USING btree (signal_id, observed_at) WHERE late;

CREATE UNIQUE INDEX receivers_names ON public.receivers USING btree (channel, name) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX receivers_one_a_person ON public.receivers USING btree (user_name, channel) WHERE ((user_name IS NOT NULL) AND (deleted_at IS NULL));

CREATE INDEX request_checks_of_help ON public.request_checks USING btree (help_id);

CREATE INDEX request_links_of ON public.request_links USING btree (request_id);

CREATE INDEX request_mails_due ON public.request_mails USING btree (due_at) WHERE (state = 'pending'::text);

CREATE INDEX request_photos_of ON public.request_photos USING btree (request_id, at);

CREATE INDEX requests_by_time ON public.requests USING btree (recorded_at DESC, id DESC);

CREATE INDEX requests_of_maker ON public.requests USING btree (made_by, recorded_at DESC, id DESC) WHERE (made_by IS NOT NULL);

CREATE INDEX requests_of_order ON public.requests USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX requests_undecided ON public.requests USING btree (site_id, recorded_at) WHERE (status = ANY (ARRAY['new'::text, 'asked_back'::text]));

CREATE INDEX reservations_of_level ON public.reservations USING btree (item_id, store_id);

CREATE UNIQUE INDEX rules_in_shadow_once ON public.rules_in_shadow USING btree (rule) WHERE (ended_at IS NULL);

CREATE INDEX run_log_of_run ON public.run_log USING btree (run, seq);

CREATE INDEX runs_by_upload ON public.runs USING btree (upload_id) WHERE (upload_id IS NOT NULL);

CREATE INDEX runs_newest ON public.runs USING btree (requested_at DESC, id DESC);

CREATE INDEX runs_queued ON public.runs USING btree (priority, requested_at, id) WHERE (state = 'queued'::text);

CREATE INDEX runs_running ON public.runs USING btree (leased_until) WHERE (state = 'running'::text);

CREATE UNIQUE INDEX safety_proposals_one_waiting_of_a_plan ON public.safety_proposals USING btree (site_id, plan) NULLS NOT DISTINCT WHERE ((verdict IS NULL) AND (plan IS NOT NULL));

CREATE UNIQUE INDEX safety_proposals_one_waiting_of_an_asset ON public.safety_proposals USING btree (asset_id) WHERE ((verdict IS NULL) AND (asset_id IS NOT NULL));

CREATE UNIQUE INDEX scan_addresses_one_of_a_bin ON public.scan_addresses USING btree (bin_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX scan_addresses_one_of_a_location ON public.scan_addresses USING btree (location_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX scan_addresses_one_of_a_route ON public.scan_addresses USING btree (route_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX scan_addresses_one_of_an_asset ON public.scan_addresses USING btree (asset_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX scan_addresses_one_of_an_item ON public.scan_addresses USING btree (item_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX scan_addresses_one_of_an_order ON public.scan_addresses USING btree (order_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX schedule_disruptions_one_overrun ON public.schedule_disruptions USING btree (order_id, starts_at) WHERE (kind = 'overrun'::text);

CREATE INDEX schedule_disruptions_settled ON public.schedule_disruptions USING btree (settled_at);

CREATE INDEX schedule_disruptions_to_settle ON public.schedule_disruptions USING btree (site_id) WHERE (settled_at IS NULL);

CREATE INDEX schedule_visits_of_orders ON public.schedule_visits USING btree (order_id);

CREATE INDEX schedules_by_week ON public.schedules USING btree (site_id, from_date DESC, id DESC);

CREATE INDEX schedules_of_runs ON public.schedules USING btree (run_id) WHERE (run_id IS NOT NULL);

CREATE UNIQUE INDEX schedules_one_of_each ON public.schedules USING btree (site_id, from_date, state) WHERE (state = ANY (ARRAY['draft'::text, 'accepted'::text]));

CREATE INDEX self_help_of_site ON public.self_help USING btree (site_id, id) WHERE (retired_at IS NULL);

CREATE INDEX sessions_by_end ON public.sessions USING btree (ends_at);

CREATE INDEX sessions_of_a_user ON public.sessions USING btree (user_name);

CREATE UNIQUE INDEX shadow_runs_one_at_a_time ON public.shadow_runs USING btree ((true)) WHERE (ended_at IS NULL);

CREATE INDEX sign_in_attempts_by_age ON public.sign_in_attempts USING btree (began_at);

CREATE INDEX stock_bins_of_bin ON public.stock_bins USING btree (bin_id);

CREATE INDEX stock_levels_of_site ON public.stock_levels USING btree (site_id);

CREATE INDEX stock_movements_of_item ON public.stock_movements USING btree (item_id, id);

CREATE INDEX stock_movements_of_order ON public.stock_movements USING btree (order_id, id) WHERE (order_id IS NOT NULL);

CREATE INDEX stock_movements_of_site ON public.stock_movements USING btree (site_id, id);

CREATE INDEX sync_devices_of_person ON public.sync_devices USING btree (person, id);

CREATE INDEX sync_operations_of_order ON public.sync_operations USING btree (order_id, received_at) WHERE (verdict = ANY (ARRAY['kept'::text, 'conflict'::text]));

CREATE INDEX sync_operations_waiting ON public.sync_operations USING btree (received_at, op_id) WHERE ((verdict = ANY (ARRAY['kept'::text, 'conflict'::text])) AND (decision IS NULL));

CREATE INDEX sync_uploads_unfinished ON public.sync_uploads USING btree (device_id) WHERE ((stored_at IS NULL) AND (refused IS NULL));

CREATE INDEX tool_bookings_of_order ON public.tool_bookings USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX tool_bookings_of_tool ON public.tool_bookings USING btree (tool_id, lower(during));

CREATE INDEX tool_loans_of_order ON public.tool_loans USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX tool_loans_of_tool ON public.tool_loans USING btree (tool_id, id);

CREATE INDEX triage_versions_of_runs ON public.triage_versions USING btree (run_id) WHERE (run_id IS NOT NULL);

CREATE INDEX uploads_by_age ON public.uploads USING btree (at);

CREATE INDEX visit_actuals_by_technician ON public.visit_actuals USING btree (technician_id, ended_at);

CREATE INDEX visit_actuals_of_order ON public.visit_actuals USING btree (order_id);

CREATE INDEX visit_actuals_of_ways ON public.visit_actuals USING btree (site_id, from_place, place) WHERE (travelled IS NOT NULL);

CREATE INDEX visit_people_by_person ON public.visit_people USING btree (technician_id) WHERE published;

CREATE INDEX ways_of_site ON public.ways USING btree (site_id);

CREATE INDEX work_orders_by_status ON public.work_orders USING btree (status, type, priority);

CREATE INDEX work_orders_by_urgency ON public.work_orders USING btree (((status = ANY (ARRAY['completed'::text, 'verified'::text]))), priority, escalation DESC, (
CASE
    WHEN (status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text])) THEN response_due
    ELSE completion_due
END), recorded_at, id) WHERE (status <> ALL (ARRAY['closed'::text, 'cancelled'::text, 'cannot_complete'::text]));

CREATE INDEX work_orders_completion ON public.work_orders USING btree (LEAST(completion_due, completion_warn_at)) WHERE ((status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text, 'in_progress'::text, 'on_hold'::text])) AND (escalation < 2));

CREATE INDEX work_orders_duplicates ON public.work_orders USING btree (duplicate_of) WHERE (duplicate_of IS NOT NULL);

CREATE INDEX work_orders_finished ON public.work_orders USING btree (status_since DESC, id) WHERE (status = ANY (ARRAY['closed'::text, 'cancelled'::text, 'cannot_complete'::text]));

CREATE INDEX work_orders_following ON public.work_orders USING btree (follows) WHERE (follows IS NOT NULL);

CREATE INDEX work_orders_of_asset ON public.work_orders USING btree (asset_id, opened_at DESC);

CREATE INDEX work_orders_of_asset_by_urgency ON public.work_orders USING btree (asset_id, ((status = ANY (ARRAY['completed'::text, 'verified'::text]))), priority, escalation DESC, (
CASE
    WHEN (status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text])) THEN response_due
    ELSE completion_due
END), recorded_at, id) WHERE (status <> ALL (ARRAY['closed'::text, 'cancelled'::text, 'cannot_complete'::text]));

CREATE INDEX work_orders_of_asset_finished ON public.work_orders USING btree (asset_id, status_since DESC, id) WHERE (status = ANY (ARRAY['closed'::text, 'cancelled'::text, 'cannot_complete'::text]));

CREATE INDEX work_orders_of_site ON public.work_orders USING btree (site_id, status);

CREATE INDEX work_orders_of_technician ON public.work_orders USING btree (assignee_id, status) WHERE (assignee_id IS NOT NULL);

CREATE INDEX work_orders_of_technician_by_urgency ON public.work_orders USING btree (assignee_id, ((status = ANY (ARRAY['completed'::text, 'verified'::text]))), priority, escalation DESC, (
CASE
    WHEN (status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text])) THEN response_due
    ELSE completion_due
END), recorded_at, id) WHERE (status <> ALL (ARRAY['closed'::text, 'cancelled'::text, 'cannot_complete'::text]));

CREATE UNIQUE INDEX work_orders_one_unfinished_per_failure_mode ON public.work_orders USING btree (asset_id, component, failure_mode) WHERE ((origin = 'engine'::text) AND (status <> ALL (ARRAY['closed'::text, 'cancelled'::text, 'cannot_complete'::text])));

CREATE INDEX work_orders_response ON public.work_orders USING btree (LEAST(response_due, response_warn_at)) WHERE ((status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text])) AND (escalation < 1));

CREATE INDEX work_orders_waiting ON public.work_orders USING btree (priority, recorded_at, id) WHERE ((status = 'open'::text) AND (assignee_id IS NULL));

CREATE INDEX work_orders_words ON public.work_orders USING gin (to_tsvector('simple'::regconfig, ((title || ' '::text) || COALESCE(close_note, ''::text))));

CREATE TRIGGER absence_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.absences FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('absence');

CREATE TRIGGER absences_disrupt AFTER INSERT OR UPDATE OF starts_at, ends_at ON public.absences FOR EACH ROW EXECUTE FUNCTION public.absence_disrupts();

CREATE TRIGGER alarm_moves_are_append_only BEFORE DELETE OR UPDATE ON public.alarm_moves FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_alarm_moves();

CREATE TRIGGER alarm_moves_make_events AFTER INSERT ON public.alarm_moves FOR EACH ROW EXECUTE FUNCTION public.event_of_alarm();

CREATE TRIGGER asset_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.assets FOR EACH ROW EXECUTE FUNCTION public.log_change('asset');

CREATE TRIGGER asset_changes_tell_the_judge AFTER UPDATE ON public.assets FOR EACH ROW WHEN (((old.class IS DISTINCT FROM new.class) OR (old.criticality IS DISTINCT FROM new.criticality) OR (old.parent_id IS DISTINCT FROM new.parent_id))) EXECUTE FUNCTION public.tell_judge_of_asset();

CREATE TRIGGER assets_have_scan_addresses AFTER INSERT ON public.assets FOR EACH ROW EXECUTE FUNCTION public.give_scan_address('asset_id');

CREATE TRIGGER assets_tell_the_judge AFTER INSERT ON public.assets FOR EACH ROW EXECUTE FUNCTION public.tell_judge_of_asset();

CREATE TRIGGER assignees_are_noted AFTER INSERT OR UPDATE OF assignee_id ON public.work_orders FOR EACH ROW WHEN ((new.assignee_id IS NOT NULL)) EXECUTE FUNCTION public.note_assignee();

CREATE TRIGGER banners_are_announced AFTER INSERT OR UPDATE OF state, seen_at ON public.deliveries FOR EACH ROW WHEN ((new.state = 'delivered'::text)) EXECUTE FUNCTION public.announce_banner();

CREATE TRIGGER bill_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.bills_of_material FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('bill of material', '');

CREATE TRIGGER bin_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.bins FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('store', '');

CREATE TRIGGER bins_follow_the_ledger BEFORE INSERT OR UPDATE ON public.stock_bins FOR EACH ROW EXECUTE FUNCTION public.refuse_stock_without_ledger();

CREATE TRIGGER bins_have_scan_addresses AFTER INSERT ON public.bins FOR EACH ROW EXECUTE FUNCTION public.give_scan_address('bin_id');

CREATE TRIGGER calendar_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.site_calendars FOR EACH ROW EXECUTE FUNCTION public.log_change('calendar');

CREATE TRIGGER changed_firms_are_announced AFTER UPDATE OF firm ON public.technicians FOR EACH ROW WHEN ((new.firm IS DISTINCT FROM old.firm)) EXECUTE FUNCTION public.announce_access();

CREATE TRIGGER changed_keys_are_announced AFTER DELETE OR UPDATE OF roles, sites, revoked_at ON public.api_keys FOR EACH ROW EXECUTE FUNCTION public.announce_access();

CREATE TRIGGER changed_runs_make_events AFTER UPDATE OF state, cancel_asked_at ON public.runs FOR EACH ROW WHEN (((new.state IS DISTINCT FROM old.state) OR (new.cancel_asked_at IS DISTINCT FROM old.cancel_asked_at))) EXECUTE FUNCTION public.event_of_run();

CREATE TRIGGER changed_schedules_make_events AFTER UPDATE OF version, state ON public.schedules FOR EACH ROW WHEN (((new.version IS DISTINCT FROM old.version) OR (new.state IS DISTINCT FROM old.state))) EXECUTE FUNCTION public.event_of_schedule();

CREATE TRIGGER changed_users_are_announced AFTER DELETE OR UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.announce_access();

CREATE TRIGGER changes_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.changes FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_changes();

CREATE TRIGGER checklist_versions_never_change BEFORE DELETE OR UPDATE ON public.checklist_versions FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_version();

CREATE TRIGGER completed_orders_are_compared AFTER INSERT ON public.order_history FOR EACH ROW WHEN ((new.step = 'complete'::text)) EXECUTE FUNCTION public.note_actuals();

CREATE TRIGGER cost_model_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.cost_models FOR EACH ROW EXECUTE FUNCTION public.log_change_of_money('cost model');

CREATE TRIGGER crew_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.crews FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('crew');

CREATE TRIGGER crew_member_changes_are_logged AFTER INSERT OR DELETE ON public.crew_members FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('crew');

CREATE TRIGGER document_changes_are_logged AFTER INSERT ON public.judge_events FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['rulebook'::text, 'models'::text, 'rule_shadow'::text]))) EXECUTE FUNCTION public.log_change_of_documents();

CREATE TRIGGER document_changes_make_events AFTER INSERT ON public.changes FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['document'::text, 'rule'::text]))) EXECUTE FUNCTION public.event_of_document();

CREATE TRIGGER downtime_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.planned_downtimes FOR EACH ROW EXECUTE FUNCTION public.log_change('downtime');

CREATE TRIGGER emergencies_disrupt AFTER UPDATE OF type, status ON public.work_orders FOR EACH ROW WHEN (((new.type = 'emergency'::text) AND (new.status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text])) AND ((old.type <> 'emergency'::text) OR (old.status = ANY (ARRAY['draft'::text, 'awaiting_approval'::text]))))) EXECUTE FUNCTION public.order_disrupts('emergency');

CREATE TRIGGER ended_orders_free_their_tools AFTER UPDATE OF status ON public.work_orders FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (new.status = ANY (ARRAY['completed'::text, 'closed'::text, 'cancelled'::text, 'cannot_complete'::text])))) EXECUTE FUNCTION public.free_tools_of_order();

CREATE TRIGGER ended_orders_release_parts AFTER UPDATE OF status ON public.work_orders FOR EACH ROW WHEN (((new.status = ANY (ARRAY['completed'::text, 'verified'::text, 'closed'::text, 'cancelled'::text, 'cannot_complete'::text])) AND (old.status IS DISTINCT FROM new.status))) EXECUTE FUNCTION public.release_parts();

CREATE TRIGGER ended_sessions_are_announced AFTER DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION public.announce_access();

CREATE TRIGGER evidence_makes_events AFTER INSERT ON public.evidence FOR EACH ROW EXECUTE FUNCTION public.event_of_finding();

CREATE TRIGGER finished_orders_settle_failed_points AFTER UPDATE OF status ON public.work_orders FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION public.settle_failed_point();

CREATE TRIGGER fleet_models_stay BEFORE DELETE OR UPDATE ON public.fleet_models FOR EACH ROW EXECUTE FUNCTION public.fleet_models_stay();

CREATE TRIGGER inspection_history_is_added_to BEFORE DELETE OR UPDATE ON public.inspection_history FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_inspection_history();

CREATE TRIGGER inspection_history_makes_events AFTER INSERT ON public.inspection_history FOR EACH ROW EXECUTE FUNCTION public.event_of_inspection();

CREATE TRIGGER installations_tell_the_judge AFTER INSERT OR UPDATE ON public.installations FOR EACH ROW EXECUTE FUNCTION public.tell_judge_of_place();

CREATE TRIGGER item_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.items FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('item', 'price,currency');

CREATE TRIGGER item_prices_are_logged AFTER INSERT OR UPDATE OF price ON public.items FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('item price', '', 'price,currency');

CREATE TRIGGER item_unit_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.item_units FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('item', '');

CREATE TRIGGER items_have_scan_addresses AFTER INSERT ON public.items FOR EACH ROW EXECUTE FUNCTION public.give_scan_address('item_id');

CREATE TRIGGER job_plan_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.job_plans FOR EACH ROW EXECUTE FUNCTION public.log_change('job plan');

CREATE TRIGGER labour_rate_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.labour_rates FOR EACH ROW EXECUTE FUNCTION public.log_change_of_money('labour rate');

CREATE TRIGGER ledger_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.stock_movements FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_ledger();

CREATE TRIGGER ledger_is_applied AFTER INSERT ON public.stock_movements FOR EACH ROW EXECUTE FUNCTION public.apply_movement();

CREATE TRIGGER levels_begin_empty BEFORE INSERT ON public.stock_levels FOR EACH ROW WHEN ((((new.on_hand IS DISTINCT FROM (0)::numeric) OR (new.reserved IS DISTINCT FROM (0)::numeric)) OR (new.shortage IS DISTINCT FROM (0)::numeric))) EXECUTE FUNCTION public.refuse_stock_without_ledger();

CREATE TRIGGER levels_follow_the_ledger BEFORE UPDATE ON public.stock_levels FOR EACH ROW WHEN ((((old.on_hand IS DISTINCT FROM new.on_hand) OR (old.reserved IS DISTINCT FROM new.reserved)) OR (old.shortage IS DISTINCT FROM new.shortage))) EXECUTE FUNCTION public.refuse_stock_without_ledger();

CREATE TRIGGER levels_go_with_skills BEFORE INSERT OR UPDATE ON public.technicians FOR EACH ROW EXECUTE FUNCTION public.forget_what_is_lost();

CREATE TRIGGER loans_fill_the_calendar BEFORE INSERT ON public.tool_loans FOR EACH ROW EXECUTE FUNCTION public.put_loan_in_calendar();

CREATE TRIGGER location_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.locations FOR EACH ROW EXECUTE FUNCTION public.log_change('location');

CREATE TRIGGER locations_have_scan_addresses AFTER INSERT ON public.locations FOR EACH ROW EXECUTE FUNCTION public.give_scan_address('location_id');

CREATE TRIGGER low_stock_makes_events AFTER UPDATE OF on_hand, reserved, shortage ON public.stock_levels FOR EACH ROW WHEN (((new.shortage > old.shortage) OR (((new.on_hand - new.reserved) < new.reorder_point) AND ((old.on_hand - old.reserved) >= old.reorder_point)))) EXECUTE FUNCTION public.event_of_stock();

CREATE TRIGGER maintenance_follows_orders AFTER UPDATE OF status ON public.work_orders FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (new.origin = 'schedule'::text))) EXECUTE FUNCTION public.maintenance_follows_orders();

CREATE TRIGGER maintenance_occurrences_have_no_gap BEFORE INSERT ON public.maintenance_occurrences FOR EACH ROW EXECUTE FUNCTION public.maintenance_occurrences_have_no_gap();

CREATE TRIGGER maintenance_plan_versions_stay BEFORE DELETE OR UPDATE ON public.maintenance_plan_versions FOR EACH ROW EXECUTE FUNCTION public.maintenance_plan_versions_stay();

CREATE TRIGGER maintenance_plans_make_events AFTER INSERT ON public.maintenance_plan_versions FOR EACH ROW EXECUTE FUNCTION public.event_of_maintenance_plan();

CREATE TRIGGER missing_parts_disrupt AFTER UPDATE OF hold_reason ON public.work_orders FOR EACH ROW WHEN (((new.hold_reason = 'parts'::text) AND (old.hold_reason IS DISTINCT FROM 'parts'::text))) EXECUTE FUNCTION public.order_disrupts('parts');

CREATE TRIGGER new_emergencies_disrupt AFTER INSERT ON public.work_orders FOR EACH ROW WHEN (((new.type = 'emergency'::text) AND (new.status = ANY (ARRAY['open'::text, 'planned'::text, 'scheduled'::text, 'dispatched'::text])))) EXECUTE FUNCTION public.order_disrupts('emergency');

CREATE TRIGGER new_events_are_announced AFTER INSERT ON public.new_events FOR EACH STATEMENT EXECUTE FUNCTION public.notify_of_events();

CREATE TRIGGER new_purchases_make_events AFTER INSERT ON public.purchase_requests FOR EACH ROW EXECUTE FUNCTION public.event_of_purchase();

CREATE TRIGGER new_runs_make_events AFTER INSERT ON public.runs FOR EACH ROW EXECUTE FUNCTION public.event_of_run();

CREATE TRIGGER new_schedules_make_events AFTER INSERT ON public.schedules FOR EACH ROW EXECUTE FUNCTION public.event_of_schedule();

CREATE TRIGGER notification_policies_make_events AFTER INSERT ON public.notification_policies FOR EACH ROW EXECUTE FUNCTION public.event_of_notification_policy();

CREATE TRIGGER notification_policies_stay BEFORE DELETE OR UPDATE ON public.notification_policies FOR EACH ROW EXECUTE FUNCTION public.notification_policies_stay();

CREATE TRIGGER occurrences_make_events AFTER INSERT ON public.maintenance_occurrences FOR EACH ROW WHEN ((new.status = ANY (ARRAY['skipped'::text, 'merged'::text, 'missed'::text]))) EXECUTE FUNCTION public.event_of_occurrence();

CREATE TRIGGER on_call_overrides_make_events AFTER INSERT OR UPDATE OF cancelled_at ON public.on_call_overrides FOR EACH ROW EXECUTE FUNCTION public.event_of_override();

CREATE TRIGGER on_call_rota_versions_stay BEFORE DELETE OR UPDATE ON public.on_call_rota_versions FOR EACH ROW EXECUTE FUNCTION public.on_call_rota_versions_stay();

CREATE TRIGGER on_call_rotas_make_events AFTER INSERT ON public.on_call_rota_versions FOR EACH ROW EXECUTE FUNCTION public.event_of_rota();

CREATE TRIGGER on_call_swaps_make_events AFTER INSERT OR UPDATE OF state ON public.on_call_swaps FOR EACH ROW EXECUTE FUNCTION public.event_of_swap();

CREATE TRIGGER order_history_is_append_only BEFORE DELETE OR UPDATE ON public.order_history FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER order_history_is_never_emptied BEFORE TRUNCATE ON public.order_history FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER order_history_makes_events AFTER INSERT ON public.order_history FOR EACH ROW WHEN ((new.step <> 'prices'::text)) EXECUTE FUNCTION public.event_of_order();

CREATE TRIGGER orders_have_scan_addresses AFTER INSERT ON public.work_orders FOR EACH ROW EXECUTE FUNCTION public.give_scan_address('order_id');

CREATE TRIGGER people_of_visits_are_noted AFTER INSERT OR UPDATE OF published ON public.visit_people FOR EACH ROW WHEN (new.published) EXECUTE FUNCTION public.note_person_of_visit();

CREATE TRIGGER place_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.installations FOR EACH ROW EXECUTE FUNCTION public.log_change('place');

CREATE TRIGGER purchase_request_changes_are_logged AFTER INSERT OR UPDATE ON public.purchase_requests FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('purchase request', '');

CREATE TRIGGER purchases_make_events AFTER UPDATE ON public.purchase_requests FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION public.event_of_purchase();

CREATE TRIGGER quote_answers_make_events AFTER UPDATE OF state ON public.quotes FOR EACH ROW WHEN ((new.state <> old.state)) EXECUTE FUNCTION public.event_of_quote();

CREATE TRIGGER quote_lines_stay BEFORE DELETE OR UPDATE ON public.quote_lines FOR EACH ROW EXECUTE FUNCTION public.quote_lines_stay();

CREATE TRIGGER quotes_make_events AFTER INSERT ON public.quotes FOR EACH ROW EXECUTE FUNCTION public.event_of_quote();

CREATE TRIGGER quotes_stay BEFORE DELETE OR UPDATE ON public.quotes FOR EACH ROW EXECUTE FUNCTION public.quotes_stay();

CREATE TRIGGER reorder_rule_changes_are_logged AFTER UPDATE OF minimum, reorder_point, reorder_quantity ON public.stock_levels FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('reorder rule', 'on_hand,reserved,shortage');

CREATE TRIGGER request_changes_make_events AFTER UPDATE OF status, rating ON public.requests FOR EACH ROW WHEN (((new.status <> old.status) OR (new.rating IS DISTINCT FROM old.rating))) EXECUTE FUNCTION public.event_of_request();

CREATE TRIGGER request_messages_make_events AFTER INSERT ON public.request_messages FOR EACH ROW EXECUTE FUNCTION public.event_of_request_message();

CREATE TRIGGER requests_make_events AFTER INSERT ON public.requests FOR EACH ROW EXECUTE FUNCTION public.event_of_request();

CREATE TRIGGER reservations_are_of_items_in_use BEFORE INSERT ON public.reservations FOR EACH ROW EXECUTE FUNCTION public.check_item_in_use();

CREATE TRIGGER reservations_are_of_their_site BEFORE INSERT OR DELETE ON public.reservations FOR EACH ROW EXECUTE FUNCTION public.check_reservation();

CREATE TRIGGER reservations_begin_empty BEFORE INSERT ON public.reservations FOR EACH ROW WHEN (((new.reserved IS DISTINCT FROM (0)::numeric) OR (new.issued IS DISTINCT FROM (0)::numeric))) EXECUTE FUNCTION public.refuse_stock_without_ledger();

CREATE TRIGGER reservations_follow_the_ledger BEFORE UPDATE ON public.reservations FOR EACH ROW WHEN (((old.reserved IS DISTINCT FROM new.reserved) OR (old.issued IS DISTINCT FROM new.issued))) EXECUTE FUNCTION public.refuse_stock_without_ledger();

CREATE TRIGGER reservations_make_events AFTER UPDATE OF reserved, issued ON public.reservations FOR EACH ROW EXECUTE FUNCTION public.event_of_reservation();

CREATE TRIGGER retired_items_are_not_reserved AFTER UPDATE OF retired_at ON public.items FOR EACH ROW WHEN (((old.retired_at IS NULL) AND (new.retired_at IS NOT NULL))) EXECUTE FUNCTION public.check_item_in_use();

CREATE TRIGGER returns_free_the_calendar AFTER UPDATE ON public.tool_loans FOR EACH ROW WHEN ((upper_inf(old.during) AND (NOT upper_inf(new.during)))) EXECUTE FUNCTION public.free_calendar_of_loan();

CREATE TRIGGER routes_have_scan_addresses AFTER INSERT ON public.inspection_routes FOR EACH ROW EXECUTE FUNCTION public.give_scan_address('route_id');

CREATE TRIGGER runs_are_announced AFTER INSERT OR UPDATE OF state, cancel_asked_at ON public.runs FOR EACH ROW EXECUTE FUNCTION public.runs_are_announced();

CREATE TRIGGER runs_end_once BEFORE UPDATE ON public.runs FOR EACH ROW WHEN ((old.ended_at IS NOT NULL)) EXECUTE FUNCTION public.runs_end_once();

CREATE TRIGGER safety_proposals_take_two_people BEFORE UPDATE OF verdict, decided_by ON public.safety_proposals FOR EACH ROW WHEN (((new.verdict = 'confirmed'::text) AND (new.decided_by <> new.proposed_by))) EXECUTE FUNCTION public.safety_proposals_take_two_people();

CREATE TRIGGER schedules_publish_people AFTER UPDATE OF state ON public.schedules FOR EACH ROW WHEN ((new.state IS DISTINCT FROM old.state)) EXECUTE FUNCTION public.people_of_schedule();

CREATE TRIGGER shift_changes_are_logged AFTER INSERT OR UPDATE ON public.shifts FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('shift pattern');

CREATE TRIGGER shift_pattern_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.shift_patterns FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('shift pattern');

CREATE TRIGGER signal_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.signals FOR EACH ROW EXECUTE FUNCTION public.log_change('signal');

CREATE TRIGGER signal_version_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.signal_versions FOR EACH ROW EXECUTE FUNCTION public.log_change('signal');

CREATE TRIGGER signal_versions_tell_the_judge AFTER INSERT ON public.signal_versions FOR EACH ROW EXECUTE FUNCTION public.tell_judge_of_signal();

CREATE TRIGGER site_changes_are_logged AFTER UPDATE OF code, name, time_zone ON public.sites FOR EACH ROW EXECUTE FUNCTION public.log_change('site');

CREATE TRIGGER site_chiefs_are_logged AFTER UPDATE OF chief ON public.sites FOR EACH ROW EXECUTE FUNCTION public.log_change('site');

CREATE TRIGGER site_currencies_are_logged AFTER UPDATE OF currency ON public.sites FOR EACH ROW EXECUTE FUNCTION public.log_change('site');

CREATE TRIGGER site_deletions_are_logged AFTER INSERT OR DELETE ON public.sites FOR EACH ROW EXECUTE FUNCTION public.log_change('site');

CREATE TRIGGER site_document_versions_stay BEFORE DELETE OR UPDATE ON public.site_document_versions FOR EACH ROW EXECUTE FUNCTION public.site_document_versions_stay();

CREATE TRIGGER site_documents_make_events AFTER INSERT ON public.site_document_versions FOR EACH ROW EXECUTE FUNCTION public.event_of_site_document();

CREATE TRIGGER skill_certificate_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.skill_certificates FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('skill rule');

CREATE TRIGGER skill_rule_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.skill_rules FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('skill rule');

CREATE TRIGGER store_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.stores FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('store', '');

CREATE TRIGGER sync_operations_stay BEFORE DELETE OR UPDATE ON public.sync_operations FOR EACH ROW EXECUTE FUNCTION public.sync_operations_stay();

CREATE TRIGGER target_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.site_targets FOR EACH ROW EXECUTE FUNCTION public.log_change('target');

CREATE TRIGGER technician_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.technicians FOR EACH ROW EXECUTE FUNCTION public.log_change('technician');

CREATE TRIGGER technician_rate_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.technician_rates FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('technician rate');

CREATE TRIGGER tool_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.tools FOR EACH ROW EXECUTE FUNCTION public.log_change_of_parts('tool', '');

CREATE TRIGGER triage_in_force_makes_events AFTER INSERT ON public.triage_in_force FOR EACH ROW EXECUTE FUNCTION public.event_of_triage();

CREATE TRIGGER visit_people_follow BEFORE INSERT ON public.visit_people FOR EACH ROW EXECUTE FUNCTION public.person_of_visit();

CREATE TRIGGER way_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.ways FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('way');

CREATE TRIGGER work_rule_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON public.work_rules FOR EACH ROW EXECUTE FUNCTION public.log_change_of_people('work rule');

ALTER TABLE ONLY public.absence_reasons
    ADD CONSTRAINT absence_reasons_absence_id_fkey FOREIGN KEY (absence_id) REFERENCES public.absences(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.absences
    ADD CONSTRAINT absences_technician_id_site_id_fkey FOREIGN KEY (technician_id, site_id) REFERENCES public.technicians(id, site_id);

ALTER TABLE ONLY public.alarm_moves
    ADD CONSTRAINT alarm_moves_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.alarm_points
    ADD CONSTRAINT alarm_points_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.alarms
    ADD CONSTRAINT alarms_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.asset_health
    ADD CONSTRAINT asset_health_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.assets
    ADD CONSTRAINT assets_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.assets
    ADD CONSTRAINT assets_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.attachment_contents
    ADD CONSTRAINT attachment_contents_attachment_id_fkey FOREIGN KEY (attachment_id) REFERENCES public.attachments(id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.audit_anchored
    ADD CONSTRAINT audit_anchored_anchor_id_fkey FOREIGN KEY (anchor_id) REFERENCES public.audit_anchors(id);

ALTER TABLE ONLY public.audit_findings
    ADD CONSTRAINT audit_findings_audit_id_fkey FOREIGN KEY (audit_id) REFERENCES public.audits(id);

ALTER TABLE ONLY public.audit_findings
    ADD CONSTRAINT audit_findings_owner_technician_id_fkey FOREIGN KEY (owner_technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.audit_findings
    ADD CONSTRAINT audit_findings_owner_user_fkey FOREIGN KEY (owner_user) REFERENCES public.users(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.bills_of_material
    ADD CONSTRAINT bills_of_material_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.bins
    ADD CONSTRAINT bins_store_id_site_id_fkey FOREIGN KEY (store_id, site_id) REFERENCES public.stores(id, site_id);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_owner_fkey FOREIGN KEY (owner) REFERENCES public.users(name);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_rota_id_fkey FOREIGN KEY (rota_id) REFERENCES public.on_call_rotas(id);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.certificates_reported
    ADD CONSTRAINT certificates_reported_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.checklist_versions
    ADD CONSTRAINT checklist_versions_checklist_id_fkey FOREIGN KEY (checklist_id) REFERENCES public.checklists(id);

ALTER TABLE ONLY public.checklists
    ADD CONSTRAINT checklists_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.checkpoint_parts
    ADD CONSTRAINT checkpoint_parts_format_fkey FOREIGN KEY (format) REFERENCES public.checkpoints(format) ON DELETE CASCADE;

ALTER TABLE ONLY public.cost_models
    ADD CONSTRAINT cost_models_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.cost_models
    ADD CONSTRAINT cost_models_site_id_currency_fkey FOREIGN KEY (site_id, currency) REFERENCES public.sites(id, currency);

ALTER TABLE ONLY public.crew_members
    ADD CONSTRAINT crew_members_crew_id_site_id_fkey FOREIGN KEY (crew_id, site_id) REFERENCES public.crews(id, site_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crew_members
    ADD CONSTRAINT crew_members_technician_id_site_id_fkey FOREIGN KEY (technician_id, site_id) REFERENCES public.technicians(id, site_id);

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.danger_words
    ADD CONSTRAINT danger_words_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.events(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_receiver_id_fkey FOREIGN KEY (receiver_id) REFERENCES public.receivers(id);

ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT delivery_attempts_receiver_id_fkey FOREIGN KEY (receiver_id) REFERENCES public.receivers(id);

ALTER TABLE ONLY public.entered_readings
    ADD CONSTRAINT entered_readings_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.escalation_asks
    ADD CONSTRAINT escalation_asks_escalation_id_fkey FOREIGN KEY (escalation_id) REFERENCES public.escalations(id);

ALTER TABLE ONLY public.escalation_asks
    ADD CONSTRAINT escalation_asks_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.escalation_links
    ADD CONSTRAINT escalation_links_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_document_id_version_fkey FOREIGN KEY (document_id, version) REFERENCES public.site_document_versions(document_id, version);

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.failed_points
    ADD CONSTRAINT failed_points_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.failed_points
    ADD CONSTRAINT failed_points_checklist_id_fkey FOREIGN KEY (checklist_id) REFERENCES public.checklists(id);

ALTER TABLE ONLY public.failed_points
    ADD CONSTRAINT failed_points_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.failed_points
    ADD CONSTRAINT failed_points_round_id_fkey FOREIGN KEY (round_id) REFERENCES public.inspection_rounds(id);

ALTER TABLE ONLY public.history_heads
    ADD CONSTRAINT history_heads_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.inspection_answers
    ADD CONSTRAINT inspection_answers_failed_point_id_fkey FOREIGN KEY (failed_point_id) REFERENCES public.failed_points(id);

ALTER TABLE ONLY public.inspection_answers
    ADD CONSTRAINT inspection_answers_photo_id_round_id_position_fkey FOREIGN KEY (photo_id, round_id, "position") REFERENCES public.inspection_photos(id, round_id, "position");

ALTER TABLE ONLY public.inspection_answers
    ADD CONSTRAINT inspection_answers_round_id_position_fkey FOREIGN KEY (round_id, "position") REFERENCES public.inspection_stops(round_id, "position");

ALTER TABLE ONLY public.inspection_history
    ADD CONSTRAINT inspection_history_audit_id_fkey FOREIGN KEY (audit_id) REFERENCES public.audits(id);

ALTER TABLE ONLY public.inspection_history
    ADD CONSTRAINT inspection_history_round_id_fkey FOREIGN KEY (round_id) REFERENCES public.inspection_rounds(id);

ALTER TABLE ONLY public.inspection_numbers
    ADD CONSTRAINT inspection_numbers_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.inspection_photos
    ADD CONSTRAINT inspection_photos_round_id_position_fkey FOREIGN KEY (round_id, "position") REFERENCES public.inspection_stops(round_id, "position");

ALTER TABLE ONLY public.inspection_reports
    ADD CONSTRAINT inspection_reports_round_id_fkey FOREIGN KEY (round_id) REFERENCES public.inspection_rounds(id);

ALTER TABLE ONLY public.inspection_rounds
    ADD CONSTRAINT inspection_rounds_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.inspection_rounds
    ADD CONSTRAINT inspection_rounds_route_id_fkey FOREIGN KEY (route_id) REFERENCES public.inspection_routes(id);

ALTER TABLE ONLY public.inspection_rounds
    ADD CONSTRAINT inspection_rounds_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.inspection_route_stops
    ADD CONSTRAINT inspection_route_stops_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.inspection_route_stops
    ADD CONSTRAINT inspection_route_stops_checklist_id_fkey FOREIGN KEY (checklist_id) REFERENCES public.checklists(id);

ALTER TABLE ONLY public.inspection_route_stops
    ADD CONSTRAINT inspection_route_stops_route_id_fkey FOREIGN KEY (route_id) REFERENCES public.inspection_routes(id);

ALTER TABLE ONLY public.inspection_routes
    ADD CONSTRAINT inspection_routes_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.inspection_stops
    ADD CONSTRAINT inspection_stops_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.inspection_stops
    ADD CONSTRAINT inspection_stops_checklist_id_checklist_version_fkey FOREIGN KEY (checklist_id, checklist_version) REFERENCES public.checklist_versions(checklist_id, version);

ALTER TABLE ONLY public.inspection_stops
    ADD CONSTRAINT inspection_stops_checklist_id_fkey FOREIGN KEY (checklist_id) REFERENCES public.checklists(id);

ALTER TABLE ONLY public.inspection_stops
    ADD CONSTRAINT inspection_stops_round_id_fkey FOREIGN KEY (round_id) REFERENCES public.inspection_rounds(id);

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.item_lots
    ADD CONSTRAINT item_lots_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.item_lots
    ADD CONSTRAINT item_lots_site_id_currency_fkey FOREIGN KEY (site_id, currency) REFERENCES public.sites(id, currency);

ALTER TABLE ONLY public.item_units
    ADD CONSTRAINT item_units_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_site_id_currency_fkey FOREIGN KEY (site_id, currency) REFERENCES public.sites(id, currency);

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.job_plans
    ADD CONSTRAINT job_plans_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.judge_events
    ADD CONSTRAINT judge_events_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.labour_rates
    ADD CONSTRAINT labour_rates_site_id_currency_fkey FOREIGN KEY (site_id, currency) REFERENCES public.sites(id, currency);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.maintenance_occurrences
    ADD CONSTRAINT maintenance_occurrences_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.maintenance_occurrences
    ADD CONSTRAINT maintenance_occurrences_plan_id_plan_version_fkey FOREIGN KEY (plan_id, plan_version) REFERENCES public.maintenance_plan_versions(plan_id, version);

ALTER TABLE ONLY public.maintenance_occurrences
    ADD CONSTRAINT maintenance_occurrences_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.maintenance_series(id);

ALTER TABLE ONLY public.maintenance_plan_versions
    ADD CONSTRAINT maintenance_plan_versions_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES public.maintenance_plans(id);

ALTER TABLE ONLY public.maintenance_plans
    ADD CONSTRAINT maintenance_plans_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.maintenance_series
    ADD CONSTRAINT maintenance_series_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.maintenance_series
    ADD CONSTRAINT maintenance_series_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.maintenance_series
    ADD CONSTRAINT maintenance_series_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES public.maintenance_plans(id);

ALTER TABLE ONLY public.maintenance_wakes
    ADD CONSTRAINT maintenance_wakes_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.maintenance_series(id);

ALTER TABLE ONLY public.meter_entries
    ADD CONSTRAINT meter_entries_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.notification_policies
    ADD CONSTRAINT notification_policies_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.on_call_gaps
    ADD CONSTRAINT on_call_gaps_rota_id_fkey FOREIGN KEY (rota_id) REFERENCES public.on_call_rotas(id);

ALTER TABLE ONLY public.on_call_overrides
    ADD CONSTRAINT on_call_overrides_rota_id_fkey FOREIGN KEY (rota_id) REFERENCES public.on_call_rotas(id);

ALTER TABLE ONLY public.on_call_overrides
    ADD CONSTRAINT on_call_overrides_swap_id_fkey FOREIGN KEY (swap_id) REFERENCES public.on_call_swaps(id);

ALTER TABLE ONLY public.on_call_overrides
    ADD CONSTRAINT on_call_overrides_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.on_call_rota_people
    ADD CONSTRAINT on_call_rota_people_rota_id_fkey FOREIGN KEY (rota_id) REFERENCES public.on_call_rotas(id);

ALTER TABLE ONLY public.on_call_rota_people
    ADD CONSTRAINT on_call_rota_people_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.on_call_rota_versions
    ADD CONSTRAINT on_call_rota_versions_rota_id_fkey FOREIGN KEY (rota_id) REFERENCES public.on_call_rotas(id);

ALTER TABLE ONLY public.on_call_rotas
    ADD CONSTRAINT on_call_rotas_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.on_call_swaps
    ADD CONSTRAINT on_call_swaps_asker_fkey FOREIGN KEY (asker) REFERENCES public.users(name);

ALTER TABLE ONLY public.on_call_swaps
    ADD CONSTRAINT on_call_swaps_other_fkey FOREIGN KEY (other) REFERENCES public.users(name);

ALTER TABLE ONLY public.on_call_swaps
    ADD CONSTRAINT on_call_swaps_rota_id_fkey FOREIGN KEY (rota_id) REFERENCES public.on_call_rotas(id);

ALTER TABLE ONLY public.order_comments
    ADD CONSTRAINT order_comments_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.order_links
    ADD CONSTRAINT order_links_from_id_fkey FOREIGN KEY (from_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.order_links
    ADD CONSTRAINT order_links_to_id_fkey FOREIGN KEY (to_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.order_parts
    ADD CONSTRAINT order_parts_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.order_people
    ADD CONSTRAINT order_people_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.order_people
    ADD CONSTRAINT order_people_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.order_steps
    ADD CONSTRAINT order_steps_attachment_id_fkey FOREIGN KEY (attachment_id) REFERENCES public.attachments(id);

ALTER TABLE ONLY public.order_steps
    ADD CONSTRAINT order_steps_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.planned_downtimes
    ADD CONSTRAINT planned_downtimes_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.portal_rules
    ADD CONSTRAINT portal_rules_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.price_list_lines
    ADD CONSTRAINT price_list_lines_site_id_version_fkey FOREIGN KEY (site_id, version) REFERENCES public.price_lists(site_id, version);

ALTER TABLE ONLY public.price_lists
    ADD CONSTRAINT price_lists_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.purchase_requests
    ADD CONSTRAINT purchase_requests_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.purchase_requests
    ADD CONSTRAINT purchase_requests_item_id_store_id_fkey FOREIGN KEY (item_id, store_id) REFERENCES public.stock_levels(item_id, store_id);

ALTER TABLE ONLY public.quote_answers
    ADD CONSTRAINT quote_answers_request_id_version_fkey FOREIGN KEY (request_id, version) REFERENCES public.quotes(request_id, version);

ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT quote_lines_request_id_version_fkey FOREIGN KEY (request_id, version) REFERENCES public.quotes(request_id, version);

ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT quotes_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.receivers
    ADD CONSTRAINT receivers_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.request_checks
    ADD CONSTRAINT request_checks_help_id_fkey FOREIGN KEY (help_id) REFERENCES public.self_help(id);

ALTER TABLE ONLY public.request_checks
    ADD CONSTRAINT request_checks_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.request_links
    ADD CONSTRAINT request_links_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.request_mails
    ADD CONSTRAINT request_mails_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.request_messages
    ADD CONSTRAINT request_messages_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.request_numbers
    ADD CONSTRAINT request_numbers_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.request_people
    ADD CONSTRAINT request_people_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.request_photos
    ADD CONSTRAINT request_photos_attachment_id_fkey FOREIGN KEY (attachment_id) REFERENCES public.attachments(id);

ALTER TABLE ONLY public.request_photos
    ADD CONSTRAINT request_photos_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.requests(id);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_item_id_store_id_fkey FOREIGN KEY (item_id, store_id) REFERENCES public.stock_levels(item_id, store_id);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_order_id_line_fkey FOREIGN KEY (order_id, line) REFERENCES public.order_parts(order_id, line);

ALTER TABLE ONLY public.run_files
    ADD CONSTRAINT run_files_run_fkey FOREIGN KEY (run) REFERENCES public.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.run_log
    ADD CONSTRAINT run_log_run_fkey FOREIGN KEY (run) REFERENCES public.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.uploads(id);

ALTER TABLE ONLY public.safety_proposals
    ADD CONSTRAINT safety_proposals_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.safety_proposals
    ADD CONSTRAINT safety_proposals_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_bin_id_fkey FOREIGN KEY (bin_id) REFERENCES public.bins(id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_item_id_fkey FOREIGN KEY (item_id) REFERENCES public.items(id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.scan_addresses
    ADD CONSTRAINT scan_addresses_route_id_fkey FOREIGN KEY (route_id) REFERENCES public.inspection_routes(id);

ALTER TABLE ONLY public.schedule_disruptions
    ADD CONSTRAINT schedule_disruptions_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.schedule_disruptions
    ADD CONSTRAINT schedule_disruptions_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.schedule_disruptions
    ADD CONSTRAINT schedule_disruptions_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.schedule_inputs
    ADD CONSTRAINT schedule_inputs_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedules(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.schedule_visits
    ADD CONSTRAINT schedule_visits_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.schedule_visits
    ADD CONSTRAINT schedule_visits_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedules(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_based_on_fkey FOREIGN KEY (based_on) REFERENCES public.schedules(id);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.scheduling_weights
    ADD CONSTRAINT scheduling_weights_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.self_help
    ADD CONSTRAINT self_help_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.self_help
    ADD CONSTRAINT self_help_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_name_fkey FOREIGN KEY (user_name) REFERENCES public.users(name);

ALTER TABLE ONLY public.shadow_orders
    ADD CONSTRAINT shadow_orders_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.shadow_orders
    ADD CONSTRAINT shadow_orders_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.shadow_runs(id);

ALTER TABLE ONLY public.shift_patterns
    ADD CONSTRAINT shift_patterns_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.shifts
    ADD CONSTRAINT shifts_pattern_id_site_id_fkey FOREIGN KEY (pattern_id, site_id) REFERENCES public.shift_patterns(id, site_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.signal_aliases
    ADD CONSTRAINT signal_aliases_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.signal_aliases
    ADD CONSTRAINT signal_aliases_signal_id_fkey FOREIGN KEY (signal_id) REFERENCES public.signals(id);

ALTER TABLE ONLY public.signal_versions
    ADD CONSTRAINT signal_versions_signal_id_fkey FOREIGN KEY (signal_id) REFERENCES public.signals(id);

ALTER TABLE ONLY public.signals
    ADD CONSTRAINT signals_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.site_calendars
    ADD CONSTRAINT site_calendars_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.site_document_versions
    ADD CONSTRAINT site_document_versions_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.site_documents(id);

ALTER TABLE ONLY public.site_documents
    ADD CONSTRAINT site_documents_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.site_targets
    ADD CONSTRAINT site_targets_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.sites
    ADD CONSTRAINT sites_chief_fkey FOREIGN KEY (chief) REFERENCES public.users(name);

ALTER TABLE ONLY public.skill_certificates
    ADD CONSTRAINT skill_certificates_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.skill_rules
    ADD CONSTRAINT skill_rules_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.sparkplug_births
    ADD CONSTRAINT sparkplug_births_group_id_node_id_fkey FOREIGN KEY (group_id, node_id) REFERENCES public.sparkplug_nodes(group_id, node_id);

ALTER TABLE ONLY public.stock_bins
    ADD CONSTRAINT stock_bins_bin_id_store_id_fkey FOREIGN KEY (bin_id, store_id) REFERENCES public.bins(id, store_id);

ALTER TABLE ONLY public.stock_bins
    ADD CONSTRAINT stock_bins_item_id_store_id_fkey FOREIGN KEY (item_id, store_id) REFERENCES public.stock_levels(item_id, store_id);

ALTER TABLE ONLY public.stock_levels
    ADD CONSTRAINT stock_levels_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.stock_levels
    ADD CONSTRAINT stock_levels_store_id_site_id_fkey FOREIGN KEY (store_id, site_id) REFERENCES public.stores(id, site_id);

ALTER TABLE ONLY public.stock_movements
    ADD CONSTRAINT stock_movements_bin_id_store_id_fkey FOREIGN KEY (bin_id, store_id) REFERENCES public.bins(id, store_id);

ALTER TABLE ONLY public.stock_movements
    ADD CONSTRAINT stock_movements_item_id_site_id_fkey FOREIGN KEY (item_id, site_id) REFERENCES public.items(id, site_id);

ALTER TABLE ONLY public.stock_movements
    ADD CONSTRAINT stock_movements_item_id_store_id_fkey FOREIGN KEY (item_id, store_id) REFERENCES public.stock_levels(item_id, store_id);

ALTER TABLE ONLY public.stock_movements
    ADD CONSTRAINT stock_movements_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.purchase_requests(id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.survival_functions
    ADD CONSTRAINT survival_functions_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.sync_operations
    ADD CONSTRAINT sync_operations_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.sync_devices(id);

ALTER TABLE ONLY public.sync_operations
    ADD CONSTRAINT sync_operations_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.sync_operations
    ADD CONSTRAINT sync_operations_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.sync_upload_pieces
    ADD CONSTRAINT sync_upload_pieces_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.sync_uploads(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sync_uploads
    ADD CONSTRAINT sync_uploads_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.sync_devices(id);

ALTER TABLE ONLY public.sync_uploads
    ADD CONSTRAINT sync_uploads_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.sync_uploads
    ADD CONSTRAINT sync_uploads_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.technician_rates
    ADD CONSTRAINT technician_rates_site_id_currency_fkey FOREIGN KEY (site_id, currency) REFERENCES public.sites(id, currency);

ALTER TABLE ONLY public.technician_rates
    ADD CONSTRAINT technician_rates_technician_id_site_id_fkey FOREIGN KEY (technician_id, site_id) REFERENCES public.technicians(id, site_id);

ALTER TABLE ONLY public.technicians
    ADD CONSTRAINT technicians_depot_id_site_id_fkey FOREIGN KEY (depot_id, site_id) REFERENCES public.locations(id, site_id);

ALTER TABLE ONLY public.technicians
    ADD CONSTRAINT technicians_pattern_id_site_id_fkey FOREIGN KEY (pattern_id, site_id) REFERENCES public.shift_patterns(id, site_id);

ALTER TABLE ONLY public.technicians
    ADD CONSTRAINT technicians_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.tool_bookings
    ADD CONSTRAINT tool_bookings_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.tool_bookings
    ADD CONSTRAINT tool_bookings_tool_id_site_id_fkey FOREIGN KEY (tool_id, site_id) REFERENCES public.tools(id, site_id);

ALTER TABLE ONLY public.tool_loans
    ADD CONSTRAINT tool_loans_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES public.tool_bookings(id);

ALTER TABLE ONLY public.tool_loans
    ADD CONSTRAINT tool_loans_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.tool_loans
    ADD CONSTRAINT tool_loans_tool_id_site_id_fkey FOREIGN KEY (tool_id, site_id) REFERENCES public.tools(id, site_id);

ALTER TABLE ONLY public.tools
    ADD CONSTRAINT tools_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.triage_in_force
    ADD CONSTRAINT triage_in_force_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.triage_in_force
    ADD CONSTRAINT triage_in_force_site_id_number_fkey FOREIGN KEY (site_id, number) REFERENCES public.triage_versions(site_id, number);

ALTER TABLE ONLY public.triage_labels
    ADD CONSTRAINT triage_labels_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.triage_models
    ADD CONSTRAINT triage_models_site_id_number_fkey FOREIGN KEY (site_id, number) REFERENCES public.triage_versions(site_id, number);

ALTER TABLE ONLY public.triage_versions
    ADD CONSTRAINT triage_versions_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.triage_versions
    ADD CONSTRAINT triage_versions_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.visit_actuals
    ADD CONSTRAINT visit_actuals_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.work_orders(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.visit_actuals
    ADD CONSTRAINT visit_actuals_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedules(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.visit_actuals
    ADD CONSTRAINT visit_actuals_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.visit_actuals
    ADD CONSTRAINT visit_actuals_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.visit_people
    ADD CONSTRAINT visit_people_technician_id_fkey FOREIGN KEY (technician_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.visit_people
    ADD CONSTRAINT visit_people_visit_id_fkey FOREIGN KEY (visit_id) REFERENCES public.schedule_visits(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ways
    ADD CONSTRAINT ways_from_id_site_id_fkey FOREIGN KEY (from_id, site_id) REFERENCES public.locations(id, site_id);

ALTER TABLE ONLY public.ways
    ADD CONSTRAINT ways_to_id_site_id_fkey FOREIGN KEY (to_id, site_id) REFERENCES public.locations(id, site_id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES public.assets(id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES public.technicians(id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_duplicate_of_fkey FOREIGN KEY (duplicate_of) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_follows_fkey FOREIGN KEY (follows) REFERENCES public.work_orders(id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.locations(id);

ALTER TABLE ONLY public.work_orders
    ADD CONSTRAINT work_orders_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);

ALTER TABLE ONLY public.work_rules
    ADD CONSTRAINT work_rules_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.sites(id);
