-- part: swap
SELECT w.id, w.rota_id, s.code AS site, r.code AS rota, r.title, coalesce(r.document->>'zone', 'UTC') AS zone, w.layer, w.asker,
       a.full_name AS asker_full, w.other, o.full_name AS other_full, w.begins_at, w.ends_at, w.back_begins_at, w.back_ends_at, w.why,
       w.asked_at, w.state, w.answered_at, w.answered_by, w.answer_why
FROM on_call_swaps w JOIN on_call_rotas r ON r.id = w.rota_id JOIN sites s ON s.id = r.site_id
JOIN users a ON a.name = w.asker JOIN users o ON o.name = w.other

-- name: of_rota
-- The swaps of a rota, the newest first.
-- as in: swap
WHERE w.rota_id = %(rota_id)s AND (%(before)s::integer IS NULL OR w.id < %(before)s) ORDER BY w.id DESC LIMIT %(limit)s;

-- name: get
-- One swap of a rota.
-- as in: swap
WHERE w.rota_id = %(rota_id)s AND w.id = %(id)s;

-- name: waiting
-- What waits for an answer of somebody, or that they have asked and nobody has answered; without turns that are over.
-- as in: swap
WHERE %(person)s IN (w.other, w.asker) AND w.state = 'asked' AND w.ends_at > %(now)s AND r.retired_at IS NULL
ORDER BY w.begins_at, w.id LIMIT 100;

-- name: add
-- Somebody asks somebody else to be on call instead of them.
INSERT INTO on_call_swaps (rota_id, layer, asker, begins_at, ends_at, other, back_begins_at, back_ends_at, why, asked_at)
VALUES (%(rota_id)s, %(layer)s, %(asker)s, %(begins)s, %(ends)s, %(other)s, %(back_begins)s, %(back_ends)s, %(why)s, %(at)s)
RETURNING id;

-- name: answer
-- What has become of a swap; nothing where somebody was quicker.
UPDATE on_call_swaps SET state = %(state)s, answered_at = %(at)s, answered_by = %(actor)s, answer_why = %(why)s
WHERE id = %(id)s AND state = 'asked' RETURNING id;

-- name: overtaken
-- Whom else they have asked about the same turn need not answer any more.
UPDATE on_call_swaps w SET state = 'withdrawn', answered_at = %(at)s, answered_by = %(actor)s, answer_why = %(why)s
FROM on_call_swaps of
WHERE of.id = %(id)s AND w.id <> of.id AND w.rota_id = of.rota_id AND w.layer = of.layer AND w.asker = of.asker AND w.state = 'asked'
  AND w.begins_at < of.ends_at AND w.ends_at > of.begins_at;

-- name: of_swap
-- The overrides that carry a swap out.
UPDATE on_call_overrides SET swap_id = %(swap)s WHERE id = ANY(%(ids)s::integer[]);
