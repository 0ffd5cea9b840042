/**
 * The schema, one step per entry: the database's `user_version` is the number of steps that were applied. A released step
 * is never changed; a new one is added below.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE checks (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    server TEXT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    status TEXT NOT NULL
  ) STRICT;
  CREATE INDEX checks_server ON checks (server, at_ms);
  CREATE INDEX checks_at ON checks (at_ms);

  CREATE TABLE status_changes (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    server TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX status_changes_server ON status_changes (server, at_ms);
  CREATE INDEX status_changes_at ON status_changes (at_ms);

  -- Ids are in addresses and cursors: none is used twice.
  CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL,
    starts_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER,
    is_end_inferred INTEGER NOT NULL DEFAULT 0,
    heard_at_ms INTEGER NOT NULL,
    alertname TEXT NOT NULL,
    server TEXT NOT NULL,
    gateway TEXT NOT NULL,
    severity TEXT NOT NULL,
    value REAL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    UNIQUE (fingerprint, starts_at_ms)
  ) STRICT;
  CREATE INDEX alerts_ends ON alerts (ends_at_ms);
  CREATE INDEX alerts_server ON alerts (server);

  CREATE TABLE alert_notifications (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    receiver TEXT NOT NULL
  ) STRICT;
  CREATE INDEX alert_notifications_alert ON alert_notifications (alert_id);
  CREATE INDEX alert_notifications_at ON alert_notifications (at_ms);

  CREATE TABLE actions (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    server TEXT NOT NULL,
    alert_id INTEGER REFERENCES alerts (id) ON DELETE CASCADE,
    by TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX actions_server ON actions (server, at_ms);
  CREATE INDEX actions_alert ON actions (alert_id);
  CREATE INDEX actions_at ON actions (at_ms);

  -- The last time of something, by its name.
  CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Servers that are disabled by hand now. State, not history: it neither expires nor makes room.
  CREATE TABLE disablings (
    server TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Texts that repeat in calls. A text is used again for as long as a call refers to it: see prune-database.ts.
  CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX names_used ON names (used_at_ms);

  CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    server_id INTEGER NOT NULL,
    is_from_server INTEGER NOT NULL,
    transport TEXT NOT NULL,
    operation_id INTEGER NOT NULL,
    target_id INTEGER,
    request TEXT NOT NULL,
    session_id INTEGER,
    client_id INTEGER,
    client_version_id INTEGER,
    user_id INTEGER,
    protocol_id INTEGER,
    outcome TEXT NOT NULL,
    status INTEGER NOT NULL,
    error_type_id INTEGER,
    rpc_code INTEGER,
    error_message TEXT,
    error_group_id INTEGER,
    arguments TEXT,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    input_tokens REAL,
    output_tokens REAL,
    is_reported INTEGER,
    cost_usd REAL,
    trace_id BLOB NOT NULL,
    span_id BLOB NOT NULL
  ) STRICT;
  CREATE INDEX calls_at ON calls (at_ms);
  CREATE INDEX calls_server ON calls (server_id, at_ms);
  CREATE INDEX calls_user ON calls (user_id, at_ms) WHERE user_id IS NOT NULL;
  CREATE INDEX calls_client ON calls (client_id, at_ms) WHERE client_id IS NOT NULL;
  CREATE INDEX calls_target ON calls (target_id, at_ms) WHERE target_id IS NOT NULL;
  CREATE INDEX calls_without_success ON calls (at_ms) WHERE outcome <> 'success';
  CREATE INDEX calls_server_without_success ON calls (server_id, at_ms) WHERE outcome <> 'success';
  CREATE INDEX calls_error_group ON calls (error_group_id, at_ms) WHERE error_group_id IS NOT NULL;

  -- Calls of clients in five minutes, by what pages sum them up; 0 stands for a missing name. Buckets are not cumulative.
  CREATE TABLE call_sums (
    at_ms INTEGER NOT NULL,
    server_id INTEGER NOT NULL,
    operation_id INTEGER NOT NULL,
    target_id INTEGER NOT NULL,
    client_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    error_type_id INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    calls INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    tokens REAL NOT NULL,
    cost_usd REAL NOT NULL,
    last_at_ms INTEGER NOT NULL,
    b0 INTEGER NOT NULL, b1 INTEGER NOT NULL, b2 INTEGER NOT NULL, b3 INTEGER NOT NULL, b4 INTEGER NOT NULL,
    b5 INTEGER NOT NULL, b6 INTEGER NOT NULL, b7 INTEGER NOT NULL, b8 INTEGER NOT NULL, b9 INTEGER NOT NULL,
    b10 INTEGER NOT NULL, b11 INTEGER NOT NULL, b12 INTEGER NOT NULL, b13 INTEGER NOT NULL, b14 INTEGER NOT NULL,
    PRIMARY KEY (at_ms, server_id, operation_id, target_id, client_id, user_id, error_type_id, outcome)
  ) STRICT, WITHOUT ROWID;

  -- Ids are in addresses: none is used twice.
  CREATE TABLE error_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL UNIQUE,
    server TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT,
    outcome TEXT NOT NULL,
    error_type TEXT NOT NULL,
    message TEXT NOT NULL,
    pattern TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at_ms INTEGER NOT NULL,
    last_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX error_groups_last ON error_groups (last_at_ms);
  CREATE INDEX error_groups_server ON error_groups (server, last_at_ms);

  CREATE TABLE error_samples (
    id INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL REFERENCES error_groups (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    message TEXT NOT NULL,
    stack TEXT,
    rpc_code INTEGER,
    duration_ms REAL NOT NULL,
    client TEXT,
    client_version TEXT,
    user TEXT,
    session TEXT,
    request TEXT NOT NULL,
    trace_id BLOB NOT NULL,
    span_id BLOB NOT NULL
  ) STRICT;
  CREATE INDEX error_samples_group ON error_samples (group_id, id);

  -- What each server lists now, to compare it with what it lists later. State, not history.
  CREATE TABLE definitions (
    server TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (server, kind, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE definition_changes (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    server TEXT NOT NULL,
    kind TEXT NOT NULL,
    change TEXT NOT NULL,
    name TEXT NOT NULL,
    difference TEXT NOT NULL
  ) STRICT;
  CREATE INDEX definition_changes_server ON definition_changes (server, at_ms);
  CREATE INDEX definition_changes_at ON definition_changes (at_ms);

  CREATE TABLE markers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    server TEXT,
    by TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX markers_at ON markers (at_ms);

  -- When servers were up or down; all other time is unknown. A span without an end lasts.
  CREATE TABLE uptime_spans (
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER,
    is_up INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX uptime_spans_server ON uptime_spans (server, from_ms);
  CREATE INDEX uptime_spans_to ON uptime_spans (to_ms);
  CREATE UNIQUE INDEX uptime_spans_open ON uptime_spans (server) WHERE to_ms IS NULL;
  `,
  `
  ALTER TABLE disablings ADD COLUMN until_ms INTEGER;
  ALTER TABLE disablings ADD COLUMN is_automatic INTEGER NOT NULL DEFAULT 0;

  -- Planned by the API. State, not history: it neither expires nor makes room.
  CREATE TABLE maintenance_windows (
    id TEXT PRIMARY KEY,
    -- A JSON list of names; NULL for all servers.
    servers TEXT,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    starts_at_ms INTEGER,
    ends_at_ms INTEGER,
    -- Of a recurring window, instead of the two times above: JSON, see maintenance.ts. duration_ms is not used.
    schedule TEXT,
    duration_ms INTEGER,
    time_zone TEXT
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Successful calls in five minutes of which there is no row, only what they add up to in call_sums.
  CREATE TABLE calls_summed_only (
    at_ms INTEGER PRIMARY KEY,
    calls INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE actions ADD COLUMN until_ms INTEGER;
  `,
  `
  -- Where the rule and Alertmanager are, as the last notification said.
  ALTER TABLE alerts ADD COLUMN generator_url TEXT;
  ALTER TABLE alerts ADD COLUMN alertmanager_url TEXT;
  `,
  `
  -- For the pages of one server, among the sums of many; for the alerts of one rule; for the changes of one kind.
  CREATE INDEX call_sums_server ON call_sums (server_id, at_ms);
  CREATE INDEX alerts_alertname ON alerts (alertname);
  CREATE INDEX definition_changes_kind ON definition_changes (kind, at_ms);
  `,
];
