/** What the server answers. Names are those of the API: `snake_case` throughout. */
import type { Feature, FeatureCollection, Geometry } from 'geojson';

/** A text in Chinese and English. */
export interface Text {
  zh: string;
  en: string;
}

/** Longitude and latitude in degrees, CGCS2000. */
export type LonLat = [number, number];

/** West, south, east, north in degrees. */
export type Bounds = [number, number, number, number];

export type GeometryKind = 'none' | 'point' | 'line' | 'polygon' | 'any';
export type FieldKind = 'text' | 'integer' | 'decimal' | 'boolean' | 'date' | 'date_time' | 'json';
export type Sensitivity = 'public' | 'internal' | 'personal' | 'sensitive';

export interface Field {
  name: string;
  label: Text;
  type: FieldKind;
  unit?: string;
  decimals?: number;
  range?: [number, number];
  max_length?: number;
  pattern?: string;
  code_list?: string;
  /** Code lists that another field chooses between. */
  code_list_when?: { field: string; lists: Record<string, string> };
  reference?: string;
  required?: boolean;
  unique?: boolean;
  mask?: string;
  sensitivity?: Sensitivity;
  note?: Text;
}

export interface Style {
  color: string;
  fill_opacity?: number;
  outline?: string;
  /** Width of lines and outlines in pixels, or radius of points. */
  width?: number;
  dash?: number[];
  color_by?: string;
  /** Place from bottom to top. */
  draw_order?: number;
  min_zoom?: number;
  label_zoom?: number;
  visible?: boolean;
}

export interface Layer {
  id: string;
  title: Text;
  theme: string;
  geometry: GeometryKind;
  version?: string;
  standard?: string;
  description?: Text;
  partition?: boolean;
  personal?: boolean;
  code?: string;
  label?: string;
  search?: string[];
  counter?: Text;
  style?: Style;
  fields: Field[];
  count?: number;
  tiles?: boolean;
  bounds?: Bounds | null;
}

export interface Code {
  code: string;
  label: Text;
  parent?: string;
  color?: string;
}

export interface CodeList {
  id: string;
  title: Text;
  standard?: string;
  version?: string;
  codes: Code[];
}

export interface Theme {
  id: string;
  title: Text;
}

export interface Project {
  title: Text;
  synthetic: boolean;
  notice: Text | null;
  bounds: Bounds | null;
  metric_crs?: string;
  sequence?: number;
  read_only?: boolean;
}

export interface Catalog {
  project: Project;
  themes: Theme[];
  layers: Layer[];
  code_lists: Record<string, CodeList>;
}

export interface BaseMap {
  id: string;
  title: Text;
  kind: 'raster' | 'vector';
  tiles: string[];
  attribution?: string | null;
  bounds?: Bounds | null;
  minzoom?: number;
  maxzoom?: number;
}

export type Properties = Record<string, unknown>;
export type Item = Feature<Geometry | null, Properties>;

export interface ItemPage extends FeatureCollection<Geometry | null, Properties> {
  numberMatched?: number;
  numberReturned?: number;
}

/** A feature in a lookup answer: its id and the fields that matter there. */
export type Found = { id: string } & Properties;

/** Who is asking, and what they may do. */
export interface Session {
  /** None for a guest, and where the file has no accounts. */
  user: string | null;
  name: string;
  unit: string;
  role: { id: string; title: Text } | null;
  territory: { layer: string; id: string }[];
  /** Whether the file has accounts. */
  accounts: boolean;
  must_sign_in: boolean;
  must_change_password: boolean;
  second_factor: {
    /** Whether a code was given in this session. */
    given: boolean;
    /** Whether an authenticator is set up. */
    enrolled: boolean;
    /** Whether nothing is answered before a code is given. */
    needed: boolean;
    /** Whether nothing is shown unmasked before a code is given. */
    needed_to_unmask: boolean;
  };
  read_only: boolean;
  rights: {
    read: boolean;
    change: boolean;
    unmask: boolean;
    duties: string[];
    /** Actions by layer. */
    layers: Record<string, string[]>;
  };
  /** The accounts that everyone knows, in a demonstration. */
  demonstration: { password: string; accounts: { user: string; role: string; title: Text }[] } | null;
  notice: Text | null;
}

/** What an authenticator app is set up with. */
export interface Enrolment {
  /** Base32. */
  secret: string;
  address: string;
  /** Rows of `0` and `1`. */
  qr: string[];
}

/** An account as its administrators see it. */
export interface Account {
  user: string;
  name: string;
  unit: string;
  role: string;
  territory: { layer: string; id: string }[];
  locked: boolean;
  second_factor: boolean;
  must_change_password: boolean;
  created_at: string;
  last_login_at: string | null;
  /** Shown once, where one was made. */
  password?: string;
}

/** A role of the matrix: grants as letters, by theme and by layer. */
export interface RoleRights {
  id: string;
  title: Text;
  bound: boolean;
  second_factor: boolean;
  duties: string[];
  themes: Record<string, string>;
  layers: Record<string, string>;
  hidden: Record<string, string[]>;
}

/** Why somebody may see something, step by step. */
export interface RightsReason {
  may: boolean;
  steps: { holds: boolean; zh: string; en: string }[];
}

/** What an administrator changes of an account. */
export interface AccountChange {
  locked?: boolean;
  new_password?: boolean;
  reset_second_factor?: boolean;
  role?: string;
  territory?: { layer: string; id: string }[];
}

/** A row of the audit log. */
export interface AuditRow {
  sequence: number;
  at: string;
  user: string;
  name: string;
  role: string;
  unit: string;
  address: string;
  action: string;
  object: string;
  outcome: 'done' | 'refused';
  reason: string;
  count: number;
  hash: string;
}

/** Whether the audit log is as it was written. */
export type AuditState =
  | { whole: true; rows: number; last: string }
  | { whole: false; sequence: number; fault: string };

export interface Lookup {
  point: LonLat;
  sequence: number;
  at: Record<string, Found[]>;
  nearest?: Record<string, { id: string; distance_m: number } & Properties>;
  /** Who lives in the house at the point, masked. */
  residents?: { id: string; name?: string; kind?: string; room?: string }[];
  /** Where the point would lie were it of a shifted system; only when it lies in the data then. */
  hint?: { crs: string; point: LonLat; distance_m: number; zh: string; en: string };
}

/** What an area counts. What the account may not count is not there; what is too small to be told is null. */
export interface Counts {
  people?: {
    total: number | null;
    by_kind: Record<string, number>;
    /** Bands of ages, both ends included; of unknown age without a beginning. Only for who may see people. */
    by_age?: { from: number | null; to: number | null; count: number }[];
    unverified?: number;
    overdue?: number;
  };
  households?: number | null;
  rooms?: { count: number; let: number; vacant: number };
  buildings?: { count: number; rental: number; footprint_m2: number; floor_area_m2: number };
  violations?: { count: number; area_m2: number; demolished_count: number; demolished_m2: number };
  contracts?: {
    count: number;
    expiring_30d: number;
    expiring_60d: number;
    expiring_90d: number;
    last_end_on?: string;
    amount_fen: number;
  };
}

export interface Statistics extends Counts {
  sequence: number;
  as_of?: string;
  rule: 'representative_point' | 'intersects' | 'within';
  on?: string;
  area_m2: number;
  /** What counts as people. */
  basis: Text;
  /** There where people are counted by released figures only. */
  small_numbers?: { version: string; threshold: number; houses_per_cell: number };
  land_use: { code: string; area_m2: number; class_std?: string }[];
  plan_land?: { code: string; area_m2: number; class_std?: string }[];
  control_lines: { kind: string; area_m2: number }[];
  groups?: (Counts & { id: string | null; code: string | null; name: string | null; area_m2: number })[];
}

export interface SearchResult {
  layer: string;
  id: string;
  title: string;
  detail?: string;
  point?: LonLat;
  bounds?: Bounds;
}
