-- Who may sign in, and with what. Not registered in gpkg_contents: other programs do not list them.
CREATE TABLE IF NOT EXISTS account (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user TEXT NOT NULL UNIQUE COLLATE NOCASE,
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  role TEXT NOT NULL,
  territory TEXT NOT NULL,
  password TEXT,
  former_passwords TEXT NOT NULL,
  password_changed_at DATETIME,
  must_change INTEGER NOT NULL,
  locked INTEGER NOT NULL,
  totp TEXT,
  created_at DATETIME NOT NULL,
  last_login_at DATETIME
);
CREATE TABLE IF NOT EXISTS api_key (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  user TEXT NOT NULL COLLATE NOCASE,
  label TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scope TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL,
  revoked_at DATETIME
);
CREATE TABLE IF NOT EXISTS audit (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  at TEXT NOT NULL,
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  unit TEXT NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_user ON audit (user, sequence);
CREATE INDEX IF NOT EXISTS audit_action ON audit (action, sequence);
CREATE TRIGGER IF NOT EXISTS audit_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_never_shortened BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TABLE IF NOT EXISTS export_request (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  user TEXT NOT NULL COLLATE NOCASE,
  asked TEXT NOT NULL,
  asked_at DATETIME NOT NULL,
  state TEXT NOT NULL,
  decided_by TEXT,
  decided_at DATETIME,
  remark TEXT NOT NULL,
  ends_at DATETIME NOT NULL,
  fetches_left INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS export_request_user ON export_request (user);
CREATE TABLE IF NOT EXISTS office_version (
  subject TEXT NOT NULL,
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  changes TEXT NOT NULL,
  at DATETIME NOT NULL,
  PRIMARY KEY (subject, number)
);
CREATE TRIGGER IF NOT EXISTS office_version_never_changed BEFORE UPDATE ON office_version
BEGIN SELECT RAISE(ABORT, 'versions of an office''s rules stay as they were'); END;
CREATE TRIGGER IF NOT EXISTS office_version_never_shortened BEFORE DELETE ON office_version
BEGIN SELECT RAISE(ABORT, 'versions of an office''s rules stay as they were'); END;
