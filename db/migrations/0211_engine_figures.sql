-- One row: what the process that judges counts and measures, written by it every second, for those who ask another process.
CREATE TABLE engine_figures (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    written_at timestamptz NOT NULL,
    figures    jsonb NOT NULL
) WITH (fillfactor = 10);
