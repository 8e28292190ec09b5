-- What belongs to an order besides its row: the steps of its job plan, parts, comments, attachments and links.

-- Templates of work. A version never changes; the newest version of a code that is not retired is in force.
CREATE TABLE job_plans (
    code         text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    version      integer NOT NULL,
    title        text NOT NULL,
    -- What it is for; none: for any.
    asset_class  text,
    failure_mode text,
    -- [{kind, instruction, mandatory, unit, low, high}], in the order in which they are done
    steps        jsonb NOT NULL,
    -- [{part, quantity, unit}]
    parts        jsonb NOT NULL DEFAULT '[]',
    skills       text[] NOT NULL DEFAULT '{}',
    certificates text[] NOT NULL DEFAULT '{}',
    tools        text[] NOT NULL DEFAULT '{}',
    estimated_hours double precision CHECK (estimated_hours >= 0),
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL,
    retired_at   timestamptz,
    PRIMARY KEY (code, version)
);

CREATE TABLE order_steps (
    order_id    uuid NOT NULL REFERENCES work_orders,
    seq         integer NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('instruction', 'permit', 'measurement', 'photo', 'signature')),
    instruction text NOT NULL,
    mandatory   boolean NOT NULL,
    unit        text NOT NULL DEFAULT '',
    low         double precision,
    high        double precision,
    done_at     timestamptz,
    done_by     text,
    value       double precision,
    note        text NOT NULL DEFAULT '',
    attachment_id uuid,
    PRIMARY KEY (order_id, seq)
);

CREATE TABLE order_parts (
    order_id uuid NOT NULL REFERENCES work_orders,
    line     integer NOT NULL,
    part     text NOT NULL,
    unit     text NOT NULL DEFAULT 'pcs',
    needed   double precision NOT NULL CHECK (needed >= 0),
    used     double precision CHECK (used >= 0),
    PRIMARY KEY (order_id, line)
);

CREATE TABLE order_comments (
    order_id uuid NOT NULL REFERENCES work_orders,
    seq      integer NOT NULL,
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    text     text NOT NULL,
    PRIMARY KEY (order_id, seq)
);

-- What a file is, and, in a table of its own so that no list ever reads it, what is in it.
CREATE TABLE attachments (
    id       uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES work_orders,
    name     text NOT NULL,
    kind     text NOT NULL,
    size     integer NOT NULL CHECK (size BETWEEN 1 AND 20000000),
    sha256   bytea NOT NULL,
    at       timestamptz NOT NULL,
    actor    text NOT NULL
);
CREATE INDEX attachments_of_order ON attachments (order_id, at);
CREATE TABLE attachment_contents (
    attachment_id uuid PRIMARY KEY REFERENCES attachments,
    content       bytea NOT NULL
);
-- Pictures and documents are compressed already.
ALTER TABLE attachment_contents ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE order_steps ADD FOREIGN KEY (attachment_id) REFERENCES attachments;

-- "from is <kind> to": duplicate of, follow-up of, split from, child of; from blocks to.
CREATE TABLE order_links (
    from_id uuid NOT NULL REFERENCES work_orders,
    kind    text NOT NULL CHECK (kind IN ('duplicate_of', 'blocks', 'follow_up_of', 'split_from', 'child_of')),
    to_id   uuid NOT NULL REFERENCES work_orders CHECK (to_id <> from_id),
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    PRIMARY KEY (from_id, kind, to_id)
);
CREATE INDEX order_links_to ON order_links (to_id);
CREATE INDEX work_orders_following ON work_orders (follows) WHERE follows IS NOT NULL;
CREATE INDEX work_orders_duplicates ON work_orders (duplicate_of) WHERE duplicate_of IS NOT NULL;
