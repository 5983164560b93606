-- What version 2 of the file adds to version 1.
CREATE TABLE change_key (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  key TEXT NOT NULL,
  author TEXT NOT NULL,
  digest TEXT NOT NULL,
  change_set INTEGER,
  sequence INTEGER NOT NULL,
  note TEXT NOT NULL,
  at DATETIME NOT NULL,
  CONSTRAINT uk_change_key UNIQUE (key, author)
);
CREATE INDEX change_key_at ON change_key (at);
CREATE TABLE lineage (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  change_set INTEGER NOT NULL,
  layer TEXT NOT NULL,
  predecessor TEXT NOT NULL,
  successor TEXT NOT NULL
);
CREATE INDEX lineage_predecessor ON lineage (layer, predecessor);
CREATE INDEX lineage_successor ON lineage (layer, successor);
CREATE INDEX change_log_at ON change_log (at);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES
  ('change_key', 'attributes', '请求编号 change_key', '已处理请求的编号，重复提交不会重复修改 / words of requests that were answered, so that a repeat changes nothing'),
  ('lineage', 'attributes', '沿革 lineage', '拆分与合并的前身与后继 / what was split or merged into what');
INSERT INTO about (key, value) VALUES ('format_version', '2')
  ON CONFLICT (key) DO UPDATE SET value = excluded.value;
