-- name: seen_digests
-- The messages without a time that may come again.
SELECT token, digest FROM taken_messages;

-- name: remember_seen
-- A message without a time is committed with its batch.
INSERT INTO taken_messages (token, digest)
SELECT * FROM unnest(%(tokens)s::integer[], %(digests)s::bytea[])
ON CONFLICT (token) DO UPDATE SET digest = excluded.digest;

-- name: nodes
-- Sparkplug's edge nodes.
SELECT group_id, node_id, bd_seq, seq, trusted FROM sparkplug_nodes ORDER BY group_id, node_id;

-- name: births
-- The newest birth of each node and device.
SELECT group_id, node_id, device_id, payload, alive, awaited_us
FROM sparkplug_births ORDER BY group_id, node_id, device_id;

-- name: put_node
-- How far a node's messages have come, with the batch that brought them.
INSERT INTO sparkplug_nodes (group_id, node_id, bd_seq, seq, trusted)
VALUES (%(group_id)s, %(node_id)s, %(bd_seq)s, %(seq)s, %(trusted)s)
ON CONFLICT (group_id, node_id)
DO UPDATE SET bd_seq = excluded.bd_seq, seq = excluded.seq, trusted = excluded.trusted;

-- name: put_birth
-- A birth certificate, with the batch that brought it.
INSERT INTO sparkplug_births (group_id, node_id, device_id, payload, alive, awaited_us)
VALUES (%(group_id)s, %(node_id)s, %(device_id)s, %(payload)s, %(alive)s, %(awaited_us)s)
ON CONFLICT (group_id, node_id, device_id)
DO UPDATE SET payload = excluded.payload, alive = excluded.alive, awaited_us = excluded.awaited_us;

-- name: put_life
-- Whether a node or device is alive; its birth certificate stays.
UPDATE sparkplug_births SET alive = %(alive)s, awaited_us = %(awaited_us)s
WHERE group_id = %(group_id)s AND node_id = %(node_id)s AND device_id = %(device_id)s
  AND (alive, awaited_us) IS DISTINCT FROM (%(alive)s, %(awaited_us)s::bigint);

-- name: forget_births
-- The births of nodes that are forgotten; a node that is heard again is asked for them.
DELETE FROM sparkplug_births USING unnest(%(groups)s::text[], %(nodes)s::text[]) AS gone (group_id, node_id)
WHERE sparkplug_births.group_id = gone.group_id AND sparkplug_births.node_id = gone.node_id;

-- name: forget_nodes
-- Nodes that are forgotten, after their births.
DELETE FROM sparkplug_nodes USING unnest(%(groups)s::text[], %(nodes)s::text[]) AS gone (group_id, node_id)
WHERE sparkplug_nodes.group_id = gone.group_id AND sparkplug_nodes.node_id = gone.node_id;

-- name: foreign_names
-- Which foreign name has which code.
SELECT site, asset, signal, name FROM foreign_names ORDER BY site, asset, signal;

-- name: own_names
-- The names that a batch was the first to bring, with it; and where one is cut of which that was not known.
INSERT INTO foreign_names (site, asset, signal, name)
SELECT * FROM unnest(%(sites)s::text[], %(assets)s::text[], %(signals)s::text[], %(names)s::text[])
ON CONFLICT (site, asset, signal) DO UPDATE SET name = excluded.name
WHERE starts_with(excluded.name, foreign_names.name || chr(31));
