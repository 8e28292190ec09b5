-- name: price_list
-- The price list in force: the newest version.
SELECT version, currency, made_by, made_at FROM price_lists WHERE site_id = %(site_id)s ORDER BY version DESC LIMIT 1;

-- name: prices
-- The lines of a version of a price list.
SELECT code, kind, name, unit, unit_price FROM price_list_lines
WHERE site_id = %(site_id)s AND version = %(version)s ORDER BY kind, code;

-- name: lock_site
-- Nobody else makes a version of a site's price list until the transaction ends.
SELECT id FROM sites WHERE id = %(site_id)s FOR NO KEY UPDATE;

-- name: add_price_list
-- The next version of a price list.
INSERT INTO price_lists (site_id, version, currency, made_by, made_at)
SELECT %(site_id)s, coalesce(max(version), 0) + 1, %(currency)s, %(actor)s, %(at)s
FROM price_lists WHERE site_id = %(site_id)s
RETURNING version;

-- name: add_price
-- A line of a price list.
INSERT INTO price_list_lines (site_id, version, code, kind, name, unit, unit_price)
VALUES (%(site_id)s, %(version)s, %(code)s, %(kind)s, %(name)s, %(unit)s, %(unit_price)s);

-- name: replace
-- A newer version takes the place of the one that nobody has answered.
UPDATE quotes SET state = 'replaced', answered_at = %(at)s, answered_by = %(actor)s
WHERE request_id = %(id)s AND state = 'offered';

-- name: add
-- The next version of a request's quote.
INSERT INTO quotes (request_id, version, extra, state, currency, total, valid_until, made_by, made_at)
SELECT %(id)s, coalesce(max(version), 0) + 1, %(extra)s, 'offered', %(currency)s, %(total)s, %(valid_until)s, %(actor)s, %(at)s
FROM quotes WHERE request_id = %(id)s
RETURNING version;

-- name: add_line
-- A line of a quote.
INSERT INTO quote_lines (request_id, version, seq, kind, text, quantity, unit, unit_price, amount, price_code, price_version)
VALUES (%(id)s, %(version)s, %(seq)s, %(kind)s, %(text)s, %(quantity)s, %(unit)s, %(unit_price)s, %(amount)s, %(price_code)s,
        %(price_version)s);

-- name: of_request
-- The quotes of a request, the newest first; the name and the words of who answered, until they are erased.
SELECT q.version, q.extra, q.state, q.currency, q.total, q.valid_until, q.made_by, q.made_at, q.answered_at, q.answered_by,
       coalesce(a.name, '') AS answered_name, coalesce(a.words, '') AS answered_words
FROM quotes q LEFT JOIN quote_answers a USING (request_id, version)
WHERE q.request_id = %(id)s ORDER BY q.version DESC;

-- name: lines
-- The lines of all quotes of a request.
SELECT version, seq, kind, text, quantity, unit, unit_price, amount, price_code FROM quote_lines
WHERE request_id = %(id)s ORDER BY version, seq;

-- name: answer
-- What became of a version that was offered.
UPDATE quotes SET state = %(state)s, answered_at = %(at)s, answered_by = %(actor)s
WHERE request_id = %(id)s AND version = %(version)s;

-- name: add_answer
-- The name and the words of who answered.
INSERT INTO quote_answers (request_id, version, name, words) VALUES (%(id)s, %(version)s, %(name)s, %(words)s);

-- name: responded
-- A quote is an answer to a request: its target of response runs until the first one.
UPDATE requests SET responded_at = coalesce(responded_at, %(at)s) WHERE id = %(id)s;
