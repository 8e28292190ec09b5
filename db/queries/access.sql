-- name: user
-- One user, with the technician that they are.
SELECT u.name, u.full_name, u.password_hash, u.must_change, u.roles, u.sites, u.disabled_at, u.created_at, u.signed_in_at,
       u.sees_costs, u.language,
       t.code AS technician, s.code AS technician_site,
       CASE WHEN t.firm IS NOT NULL AND NOT 'administrator' = ANY(u.roles) THEN t.id END AS contractor
FROM users u LEFT JOIN technicians t ON t.id = u.technician_id LEFT JOIN sites s ON s.id = t.site_id
WHERE u.name = %(name)s;

-- name: users
-- Every user, the disabled ones last.
SELECT u.name, u.full_name, u.password_hash, u.must_change, u.roles, u.sites, u.disabled_at, u.created_at, u.signed_in_at,
       u.sees_costs, u.language,
       t.code AS technician, s.code AS technician_site,
       CASE WHEN t.firm IS NOT NULL AND NOT 'administrator' = ANY(u.roles) THEN t.id END AS contractor
FROM users u LEFT JOIN technicians t ON t.id = u.technician_id LEFT JOIN sites s ON s.id = t.site_id
ORDER BY u.disabled_at IS NOT NULL, u.name;

-- name: full_names
-- What people are called who have done something. A technician without a user is in histories by code; where two of
-- different sites share one, neither name is said.
SELECT name, full_name FROM users WHERE full_name <> ''
UNION ALL
SELECT t.code, min(t.name) FROM technicians t
WHERE NOT EXISTS (SELECT FROM users u WHERE u.name = t.code) GROUP BY t.code HAVING count(*) = 1;

-- name: lock_users
-- One change of users at a time, so that two administrators cannot remove each other's role.
SELECT pg_advisory_xact_lock(4501);

-- name: any_user
-- Whether there is somebody already.
SELECT EXISTS (SELECT FROM users);

-- name: add_user
-- A new user; nothing comes back where the name is taken.
INSERT INTO users (name, full_name, password_hash, must_change, roles, sites, technician_id, sees_costs, created_at)
VALUES (%(name)s, %(full_name)s, %(password_hash)s, %(must_change)s, %(roles)s, %(sites)s, %(technician_id)s,
        %(sees_costs)s, %(at)s)
ON CONFLICT (name) DO NOTHING RETURNING name;

-- name: save_user
-- What an administrator can change of a user.
UPDATE users
SET full_name = %(full_name)s, roles = %(roles)s, sites = %(sites)s, technician_id = %(technician_id)s,
    sees_costs = %(sees_costs)s,
    disabled_at = CASE WHEN %(disabled)s::boolean THEN coalesce(disabled_at, %(at)s) END
WHERE name = %(name)s;

-- name: unknown_sites
-- Which of these codes are no site's.
SELECT code FROM unnest(%(sites)s::text[]) AS asked (code) WHERE code NOT IN (SELECT code FROM sites) ORDER BY code;

-- name: administrators
-- How many can still administer everything.
SELECT count(*) FROM users WHERE disabled_at IS NULL AND sites IS NULL AND 'administrator' = ANY(roles);

-- name: set_password
-- Another password; only if it still replaces a given one, where that is stated.
UPDATE users SET password_hash = %(password_hash)s, must_change = %(must_change)s
WHERE name = %(name)s AND (%(before)s::text IS NULL OR password_hash = %(before)s);

-- name: set_language
-- The language that they read from now on.
UPDATE users SET language = %(language)s WHERE name = %(name)s;

-- name: rehash
-- The same password, hashed as we hash now; nothing happens where it has changed meanwhile.
UPDATE users SET password_hash = %(password_hash)s WHERE name = %(name)s AND password_hash = %(before)s;

-- name: signed_in
-- When they were last here; nobody where they are disabled or the password has changed since it was proven.
UPDATE users SET signed_in_at = %(at)s
WHERE name = %(name)s AND disabled_at IS NULL AND (%(password_hash)s::text IS NULL OR password_hash = %(password_hash)s);

-- name: begin_session
-- A session, known by the hash of its token.
INSERT INTO sessions (token_sha256, user_name, began_at, seen_at, ends_at)
VALUES (%(token_sha256)s, %(user)s, %(at)s, %(at)s, %(ends_at)s);

-- name: session
-- Whose session that is, if it still is one: not at its end, not idle for too long, its user not disabled.
SELECT u.name, u.must_change, u.roles, u.sites, u.sees_costs, u.language, t.code AS technician, s.code AS technician_site, v.seen_at,
       CASE WHEN t.firm IS NOT NULL AND NOT 'administrator' = ANY(u.roles) THEN t.id END AS contractor
FROM sessions v JOIN users u ON u.name = v.user_name
LEFT JOIN technicians t ON t.id = u.technician_id LEFT JOIN sites s ON s.id = t.site_id
WHERE v.token_sha256 = %(token_sha256)s AND v.ends_at > %(now)s AND v.seen_at > %(idle_since)s AND u.disabled_at IS NULL;

-- name: see_session
-- It is used. Nobody waits for this: whoever else sees it now will do.
UPDATE sessions SET seen_at = %(now)s
WHERE token_sha256 = (SELECT token_sha256 FROM sessions WHERE token_sha256 = %(token_sha256)s FOR UPDATE SKIP LOCKED);

-- name: end_session
-- Signed out.
DELETE FROM sessions WHERE token_sha256 = %(token_sha256)s;

-- name: end_sessions
-- Every session of a user, but perhaps the one that asks for it.
DELETE FROM sessions WHERE user_name = %(user)s AND token_sha256 IS DISTINCT FROM %(but)s::bytea;

-- name: drop_sessions
-- What has ended is not kept.
DELETE FROM sessions WHERE ends_at <= %(now)s;

-- name: key
-- The key that begins like that, if it still opens anything.
SELECT name, key_sha256, roles, sites, last_used_at FROM api_keys WHERE prefix = %(prefix)s AND revoked_at IS NULL;

-- name: use_key
-- It is used. Nobody waits for this.
UPDATE api_keys SET last_used_at = %(now)s
WHERE name = (SELECT name FROM api_keys WHERE name = %(name)s FOR UPDATE SKIP LOCKED);

-- name: keys
-- Every key, the revoked ones last.
SELECT name, prefix, roles, sites, created_at, created_by, last_used_at, revoked_at
FROM api_keys ORDER BY revoked_at IS NOT NULL, name;

-- name: add_key
-- A new key; nothing comes back where the name is taken, which is never used again for another.
INSERT INTO api_keys (name, prefix, key_sha256, roles, sites, created_at, created_by)
VALUES (%(name)s, %(prefix)s, %(key_sha256)s, %(roles)s, %(sites)s, %(at)s, %(actor)s)
ON CONFLICT (name) DO NOTHING RETURNING name;

-- name: revoke_key
-- It opens nothing from now on.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, %(at)s) WHERE name = %(name)s RETURNING name;

-- name: count_attempt
-- One more attempt to sign in; what is older than a window is forgotten.
INSERT INTO sign_in_attempts AS a (bucket, began_at, attempts) VALUES (%(bucket)s, %(now)s, 1)
ON CONFLICT (bucket) DO UPDATE
SET attempts = CASE WHEN a.began_at <= %(window_began)s THEN 1 ELSE a.attempts + 1 END,
    began_at = CASE WHEN a.began_at <= %(window_began)s THEN %(now)s ELSE a.began_at END
RETURNING attempts, began_at;

-- name: forgive_attempt
-- It was the right password: this attempt does not count.
UPDATE sign_in_attempts SET attempts = greatest(attempts - 1, 0) WHERE bucket = %(bucket)s;

-- name: drop_attempts
-- Windows that are over.
DELETE FROM sign_in_attempts WHERE began_at <= %(window_began)s;

-- name: knows_device
-- Whether a user has signed in from a browser before.
SELECT EXISTS (SELECT FROM known_devices WHERE user_name = %(name)s AND token_sha256 = %(token_sha256)s);

-- name: note_device
-- A user has signed in from a browser; the newest twenty of a user are kept.
WITH old AS (
    DELETE FROM known_devices WHERE user_name = %(name)s AND token_sha256 IN (
        SELECT token_sha256 FROM known_devices WHERE user_name = %(name)s AND token_sha256 <> %(token_sha256)s
        ORDER BY used_at DESC OFFSET 19)
)
INSERT INTO known_devices (user_name, token_sha256, used_at) VALUES (%(name)s, %(token_sha256)s, %(now)s)
ON CONFLICT (user_name, token_sha256) DO UPDATE SET used_at = excluded.used_at;

-- name: sees_order
-- Whether an order is one of these sites'.
SELECT EXISTS (SELECT FROM work_orders w JOIN sites s ON s.id = w.site_id
               WHERE w.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_number
-- Whether the order with that number is one of these sites'.
SELECT EXISTS (SELECT FROM work_orders w JOIN sites s ON s.id = w.site_id
               WHERE w.number = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_asset
-- Whether an asset is one of these sites'.
SELECT EXISTS (SELECT FROM assets a JOIN sites s ON s.id = a.site_id
               WHERE a.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_absence
-- Whether an absence is of a technician of one of these sites.
SELECT EXISTS (SELECT FROM absences a JOIN sites s ON s.id = a.site_id
               WHERE a.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_technician
-- Whether a technician is one of these sites'.
SELECT EXISTS (SELECT FROM technicians t JOIN sites s ON s.id = t.site_id
               WHERE t.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_downtime
-- Whether a planned downtime is one of these sites'.
SELECT EXISTS (SELECT FROM planned_downtimes d JOIN assets a ON a.id = d.asset_id JOIN sites s ON s.id = a.site_id
               WHERE d.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_proposal
-- Whether a proposal is about one of these sites' things.
SELECT EXISTS (SELECT FROM safety_proposals p LEFT JOIN assets a ON a.id = p.asset_id
               JOIN sites s ON s.id = coalesce(p.site_id, a.site_id)
               WHERE p.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_location
-- Whether a functional location is one of these sites'.
SELECT EXISTS (SELECT FROM locations l JOIN sites s ON s.id = l.site_id
               WHERE l.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_file
-- Whether a file is of an order, an asset or a location of one of these sites.
SELECT EXISTS (
    SELECT FROM attachments f
    LEFT JOIN work_orders w ON w.id = f.order_id
    LEFT JOIN assets a ON a.id = f.asset_id
    LEFT JOIN locations l ON l.id = f.location_id
    JOIN sites s ON s.id = coalesce(w.site_id, a.site_id, l.site_id)
    WHERE f.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_run
-- Whether a run is of one of these sites; one that concerns every site is not.
SELECT EXISTS (SELECT FROM runs r JOIN sites s ON s.id = r.site_id WHERE r.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_upload
-- Whether a file that somebody has brought is for one of these sites.
SELECT EXISTS (SELECT FROM uploads u JOIN sites s ON s.id = u.site_id WHERE u.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_item
-- Whether an item is of one of these sites.
SELECT EXISTS (SELECT FROM items i JOIN sites s ON s.id = i.site_id WHERE i.id = %(id)s AND s.code = ANY(%(sites)s));

-- name: sees_store
-- Whether a store is of one of these sites.
SELECT EXISTS (SELECT FROM stores t JOIN sites s ON s.id = t.site_id WHERE t.id = %(id)s AND s.code = ANY(%(sites)s));

-- name: sees_bin
-- Whether a bin is of one of these sites.
SELECT EXISTS (SELECT FROM bins b JOIN sites s ON s.id = b.site_id WHERE b.id = %(id)s AND s.code = ANY(%(sites)s));

-- name: sees_request
-- Whether a purchase request is of one of these sites.
SELECT EXISTS (SELECT FROM purchase_requests r JOIN sites s ON s.id = r.site_id
               WHERE r.id = %(id)s AND s.code = ANY(%(sites)s));

-- name: sees_tool
-- Whether a tool is of one of these sites.
SELECT EXISTS (SELECT FROM tools k JOIN sites s ON s.id = k.site_id WHERE k.id = %(id)s AND s.code = ANY(%(sites)s));

-- name: sees_booking
-- Whether a booking of a tool is of one of these sites.
SELECT EXISTS (
    SELECT FROM tool_bookings b JOIN sites s ON s.id = b.site_id WHERE b.id = %(id)s AND s.code = ANY(%(sites)s)
);

-- name: sees_checklist
-- Whether a checklist is of one of these sites.
SELECT EXISTS (SELECT FROM checklists c JOIN sites s ON s.id = c.site_id WHERE c.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_route
-- Whether a route of rounds is of one of these sites.
SELECT EXISTS (SELECT FROM inspection_routes r JOIN sites s ON s.id = r.site_id WHERE r.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_round
-- Whether a round is of one of these sites.
SELECT EXISTS (SELECT FROM inspection_rounds r JOIN sites s ON s.id = r.site_id WHERE r.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_escalation
-- Whether an escalation is of one of these sites, and not of an alarm of the engine.
SELECT EXISTS (SELECT FROM escalations e JOIN sites s ON s.id = e.site_id
               WHERE e.id = %(id)s AND e.cause <> 'engine' AND s.code = ANY(%(sites)s::text[]));

-- name: sees_policy
-- Whether an escalation policy is of one of these sites.
SELECT EXISTS (SELECT FROM site_documents d JOIN sites s ON s.id = d.site_id
               WHERE d.id = %(id)s AND d.kind = 'escalation_policy' AND s.code = ANY(%(sites)s::text[]));

-- name: sees_rota
-- Whether a rota is of one of these sites.
SELECT EXISTS (SELECT FROM on_call_rotas r JOIN sites s ON s.id = r.site_id WHERE r.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_override
-- Whether an override is of a rota of one of these sites.
SELECT EXISTS (SELECT FROM on_call_overrides o JOIN on_call_rotas r ON r.id = o.rota_id JOIN sites s ON s.id = r.site_id
               WHERE o.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_swap
-- Whether a swap is of a rota of one of these sites.
SELECT EXISTS (SELECT FROM on_call_swaps w JOIN on_call_rotas r ON r.id = w.rota_id JOIN sites s ON s.id = r.site_id
               WHERE w.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_operation
-- Whether an operation of a device is of one of these sites.
SELECT EXISTS (SELECT FROM sync_operations o JOIN sites s ON s.id = o.site_id WHERE o.op_id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_mobile
-- Whether a device is of a technician of one of these sites.
SELECT EXISTS (SELECT FROM sync_devices d JOIN users u ON 'person:' || u.name = d.person
               JOIN technicians t ON t.id = u.technician_id JOIN sites s ON s.id = t.site_id
               WHERE d.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_audit
-- Whether an audit is of one of these sites.
SELECT EXISTS (SELECT FROM audits d JOIN sites s ON s.id = d.site_id WHERE d.id = %(id)s AND s.code = ANY(%(sites)s::text[]));


-- name: sees_schedule
-- Whether a schedule is of one of these sites.
SELECT EXISTS (SELECT FROM schedules d JOIN sites s ON s.id = d.site_id WHERE d.id = %(id)s AND s.code = ANY(%(sites)s::text[]));


-- name: sees_maintenance_plan
-- Whether a maintenance plan is one of these sites'.
SELECT EXISTS (SELECT FROM maintenance_plans p JOIN sites s ON s.id = p.site_id
               WHERE p.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: sees_series
-- Whether a series of a maintenance plan is one of these sites'.
SELECT EXISTS (SELECT FROM maintenance_series r JOIN maintenance_plans p ON p.id = r.plan_id JOIN sites s ON s.id = p.site_id
               WHERE r.id = %(id)s AND s.code = ANY(%(sites)s::text[]));

-- name: given_order
-- Whether an order is given to a technician, or was.
SELECT EXISTS (SELECT FROM order_people WHERE technician_id = %(technician)s AND order_id = %(id)s);

-- name: given_number
-- Whether the order with that number is given to a technician, or was.
SELECT EXISTS (SELECT FROM order_people p JOIN work_orders w ON w.id = p.order_id
               WHERE p.technician_id = %(technician)s AND w.number = %(id)s);

-- name: given_orders
-- Which of these orders are given to a technician, or were.
SELECT order_id FROM order_people WHERE technician_id = %(technician)s AND order_id = ANY(%(ids)s::uuid[]);

-- name: given_asset
-- Whether an order of a technician is about an asset.
SELECT EXISTS (SELECT FROM order_people p JOIN work_orders w ON w.id = p.order_id
               WHERE p.technician_id = %(technician)s AND w.asset_id = %(id)s);

-- name: given_location
-- Whether an order of a technician is about a functional location, or about what is installed there.
SELECT EXISTS (SELECT FROM order_people p JOIN work_orders w ON w.id = p.order_id
               LEFT JOIN installations i ON i.asset_id = w.asset_id AND i.removed_at IS NULL
               WHERE p.technician_id = %(technician)s AND %(id)s IN (w.location_id, i.location_id));

-- name: given_file
-- Whether a file is of an order of a technician, or of what one of their orders is about.
SELECT EXISTS (
    SELECT FROM attachments f
    JOIN order_people p ON p.technician_id = %(technician)s
    JOIN work_orders w ON w.id = p.order_id
    LEFT JOIN installations i ON i.asset_id = w.asset_id AND i.removed_at IS NULL
    WHERE f.id = %(id)s AND (f.order_id = w.id OR f.asset_id = w.asset_id OR f.location_id IN (w.location_id, i.location_id)));

-- name: given_technician
-- A contractor sees nobody but themselves.
SELECT %(technician)s = %(id)s;

-- name: sees_asked
-- Whether a request is of one of these sites.
SELECT EXISTS (SELECT FROM requests r JOIN sites s ON s.id = r.site_id WHERE r.id = %(id)s AND s.code = ANY(%(sites)s::text[]));
