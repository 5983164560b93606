-- A GeoPackage 1.3 (OGC 12-128r17) and the tables of this program's own.
PRAGMA application_id = 1196444487; -- 'GPKG'
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL,
  srs_id INTEGER PRIMARY KEY NOT NULL,
  organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL,
  description TEXT
);
CREATE TABLE gpkg_contents (
  table_name TEXT PRIMARY KEY NOT NULL,
  data_type TEXT NOT NULL,
  identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE,
  min_y DOUBLE,
  max_x DOUBLE,
  max_y DOUBLE,
  srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL,
  m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);
CREATE TABLE gpkg_extensions (
  table_name TEXT,
  column_name TEXT,
  extension_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  name TEXT,
  title TEXT,
  description TEXT,
  mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL,
  constraint_type TEXT NOT NULL,
  value TEXT,
  min NUMERIC,
  min_is_inclusive BOOLEAN,
  max NUMERIC,
  max_is_inclusive BOOLEAN,
  description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
);
INSERT INTO gpkg_extensions VALUES
  ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'),
  ('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write');

CREATE TABLE about (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  key TEXT NOT NULL UNIQUE,
  value TEXT
);
CREATE TABLE change_set (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  batch TEXT,
  at DATETIME NOT NULL
);
CREATE INDEX change_set_batch ON change_set (batch);
CREATE TABLE change_log (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  change_set INTEGER,
  layer TEXT NOT NULL,
  feature TEXT NOT NULL,
  operation TEXT NOT NULL,
  before TEXT,
  before_geometry BLOB,
  at DATETIME NOT NULL
);
CREATE INDEX change_log_feature ON change_log (layer, feature);
CREATE INDEX change_log_change_set ON change_log (change_set);
CREATE TABLE import_batch (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  file TEXT NOT NULL,
  layer TEXT NOT NULL,
  crs TEXT,
  encoding TEXT,
  mapping TEXT,
  counts TEXT,
  author TEXT NOT NULL,
  at DATETIME NOT NULL,
  change_set INTEGER,
  undone_at DATETIME,
  undone_by INTEGER
);
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256),
  f_table_schema TEXT(256),
  f_table_name TEXT(256),
  f_geometry_column TEXT(256),
  styleName TEXT(30),
  styleQML TEXT,
  styleSLD TEXT,
  useAsDefault BOOLEAN,
  description TEXT,
  owner TEXT(30),
  ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES
  ('about', 'attributes', '项目说明 about', '项目说明与文件版本 / what the project is, and the version of the file'),
  ('change_set', 'attributes', '变更集 change_set', '谁、何时、为何修改 / who changed things, when and why'),
  ('change_log', 'attributes', '变更日志 change_log', '逐要素的修改历史，由触发器写入 / history feature by feature, written by triggers'),
  ('import_batch', 'attributes', '导入批次 import_batch', '每次导入的文件、坐标系与结果 / file, reference system and outcome of each import'),
  ('layer_styles', 'attributes', '样式 layer_styles', 'QGIS 的图层样式、字段标题与代码选项 / styles, field titles and choices for QGIS');
INSERT INTO about (key, value) VALUES ('format', 'yizhangtu'), ('format_version', '1');
