-- part: document
SELECT d.id, d.site_id, s.code AS site, d.code, d.version, d.document, d.retired_at
FROM site_documents d JOIN sites s ON s.id = d.site_id

-- name: get
-- One document by its number.
-- as in: document
WHERE d.id = %(id)s AND d.kind = %(kind)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: by_code
-- One document by its site and code.
-- as in: document
WHERE s.code = %(site)s AND d.kind = %(kind)s AND d.code = %(code)s;

-- name: listed
-- Documents of the sites that are seen, by site and code; retired ones only where they are asked for.
-- as in: document
WHERE d.kind = %(kind)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(site)s::text IS NULL OR s.code = %(site)s) AND (%(retired)s OR d.retired_at IS NULL)
  AND (%(after_site)s::text IS NULL OR (s.code, d.code) > (%(after_site)s, %(after_code)s::text))
ORDER BY s.code, d.code LIMIT %(limit)s;

-- name: lock
-- Locks a document until the transaction ends, so that its versions follow each other.
SELECT id FROM site_documents WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: add
-- A new document; nothing comes back where the code is taken.
INSERT INTO site_documents (site_id, kind, code, version, title, document, created_at)
SELECT id, %(kind)s, %(code)s, 1, %(title)s, %(document)s, %(at)s FROM sites WHERE code = %(site)s
ON CONFLICT DO NOTHING RETURNING id;

-- name: save
-- The next version of a document; one that was retired is in force again.
UPDATE site_documents SET version = version + 1, title = %(title)s, document = %(document)s, retired_at = NULL
WHERE id = %(id)s RETURNING version;

-- name: retire
-- A document is in force no more.
UPDATE site_documents SET version = version + 1, retired_at = %(at)s WHERE id = %(id)s AND retired_at IS NULL RETURNING version;

-- name: add_version
-- What a document is from now on, by whom and why.
INSERT INTO site_document_versions (document_id, version, document, made_by, made_at, why)
VALUES (%(id)s, %(version)s, %(document)s, %(actor)s, %(at)s, %(why)s);

-- name: versions
-- Every version of a document, the newest first.
SELECT version, document, made_by, made_at, why FROM site_document_versions WHERE document_id = %(id)s ORDER BY version DESC;
