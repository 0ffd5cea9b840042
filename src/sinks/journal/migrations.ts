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
];
