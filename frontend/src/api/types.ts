/**
 * What the server answers, by the names that the page knows it by. All of it is made from the server's own
 * description (`npm run api-types`), so that neither can say what the other does not.
 */
import type { components } from './schema';

/** A text in Chinese and English. */
export type Text = components['schemas']['Text'];

/** Longitude and latitude in degrees, CGCS2000. */
export type LonLat = components['schemas']['LonLat'];

/** West, south, east, north in degrees. */
export type Bounds = components['schemas']['Bounds'];

export type GeometryKind = Layer['geometry'];
export type FieldKind = Field['type'];
export type Sensitivity = NonNullable<Field['sensitivity']>;

export type Field = components['schemas']['Field'];

export type Style = components['schemas']['Style'];

export type Layer = components['schemas']['Layer'];

export type Code = components['schemas']['ListedCode'];

export type CodeList = components['schemas']['CodeList'];

export type Theme = components['schemas']['Theme'];

export type Project = components['schemas']['Project'];

export type Catalog = components['schemas']['Catalog'];

export type BaseMap = components['schemas']['BaseMap'];

export type Properties = Record<string, unknown>;
export type Item = components['schemas']['Feature'];
export type ItemPage = components['schemas']['FeatureCollection'];

/** A feature in a lookup answer: its id and the fields that matter there. */
export type Found = components['schemas']['Found'];

/** Who is asking, and what they may do. */
export type Session = components['schemas']['Session'];

/** What an authenticator app is set up with. */
export type Enrolment = components['schemas']['Enrolment'];

/** An account as its administrators see it. */
export type Account = components['schemas']['Account'];

/** The accounts, the roles that there are, and the places that accounts may answer for. */
export type Accounts = components['schemas']['Accounts'];

/** A place that an account answers for, by name. */
export type TerritoryPlace = Account['territory'][number];

/** Places of a level, found by a word. */
export type TerritoryPlaces = components['schemas']['TerritoryPlaces'];

/** A level whose places accounts may answer for. */
export type TerritoryChoice = Accounts['territories'][number];

/** A role of the matrix: grants as letters, by theme and by layer. */
export type RoleRights = components['schemas']['RoleRights'];

/** The matrix of rights in force, what its places are called, and its past. */
export type RightsMatrix = components['schemas']['RightsMatrix'];

/** One thing changed of a role: its letters for a theme or a layer (without, those of the theme hold again), or another. */
export interface RightsChange {
  role: string;
  theme?: string;
  layer?: string;
  letters?: string | null;
  /** Fields of the layer that the role never sees. */
  hidden?: string[];
  duties?: string[];
  second_factor?: boolean;
  bound?: boolean;
}

/** Why somebody may see something, step by step. */
export type RightsReason = components['schemas']['RightsReason'];

/** What an administrator changes of an account. */
export type AccountChange = components['schemas']['AccountChange'];

/** Somebody who did more than usual in a day. */
export type AuditAlarm = components['schemas']['AuditAlarm'];

/** A row of the audit log. */
export type AuditRow = components['schemas']['AuditRow'];

/** Whether the audit log is as it was written. */
export type AuditState = components['schemas']['AuditState'];

export type Lookup = components['schemas']['Lookup'];

/** What an area counts. What the account may not count is not there; what is too small to be told is null. */
export type Counts = components['schemas']['Counts'];

export type Statistics = components['schemas']['Statistics'];

export type SearchResult = components['schemas']['SearchResult'];
