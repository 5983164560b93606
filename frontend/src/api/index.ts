import type { StyleSpecification } from 'maplibre-gl';
import { address, post, request, send } from './client';
import type { components } from './schema';
import type {
  Account,
  AccountChange,
  AuditState,
  BaseMap,
  Bounds,
  Catalog,
  Enrolment,
  Item,
  ItemPage,
  LonLat,
  Lookup,
  RightsChange,
  RightsMatrix,
  RightsReason,
  SearchResult,
  Session,
  TerritoryPlaces,
} from './types';

export * from './attachments';
export * from './changes';
export * from './client';
export * from './documents';
export * from './doubles';
export * from './enforcement';
export * from './events';
export * from './exports';
export * from './houses';
export * from './imports';
export * from './panels';
export * from './processes';
export * from './sheets';
export * from './statistics';
export type * from './types';

type Signal = AbortSignal | undefined;
const withSignal = (signal: Signal): RequestInit => (signal ? { signal } : {});

/** Layers, code lists and what is known of the project. */
export const catalog = (signal?: Signal) => request<Catalog>('catalog', withSignal(signal));

/** How the map is drawn. */
export const style = () => request<StyleSpecification>('styles/map');

/** The address under which the page reaches tiles that a style names by a whole one. */
export const tilesAt = (named: string) => address('tiles') + named.slice(named.indexOf('/tiles/') + 6);

/** The standards that the server keeps, and so what it can do. */
export const conformance = () => request<components['schemas']['Conformance']>('conformance');

/** Who is asking. */
export const session = () => request<Session>('session');

/** Signs in; the session is in a cookie that scripts can't read. */
export const signIn = (user: string, password: string) => post<Session>('session', { user, password });

/** Signs out. */
export const signOut = () => send('session', { method: 'DELETE' });

/** Chooses a new password. */
export const changePassword = (old: string, password: string) =>
  send('session/password', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ old, new: password }),
  });

/** A secret for an authenticator app. */
export const beginFactor = () => post<Enrolment>('session/factor', {});

/** Sets the app up by its first code; gives recovery codes, shown once. */
export async function confirmFactor(code: string): Promise<components['schemas']['Recovery']> {
  const response = await send('session/factor', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  return response.json();
}

/** Gives a code of the app, or a recovery code. */
export const giveCode = (code: string) =>
  send('session/code', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });

/** The accounts and the roles that there are. */
export const accounts = () => request<components['schemas']['Accounts']>('accounts');

/** Places that an account may answer for, by a word of their names or codes. */
export const territoryPlaces = (layer: string, q: string, signal: AbortSignal) =>
  request<TerritoryPlaces>(`accounts/places?${new URLSearchParams({ layer, q })}`, { signal });

/** Makes an account without a role; its password comes with the answer, once. */
export const makeAccount = (made: { user: string; name: string; unit: string }) =>
  post<Account>('accounts', made);

/** Changes an account that is not one's own. */
export async function changeAccount(user: string, change: AccountChange): Promise<Account> {
  const response = await send(`accounts/${encodeURIComponent(user)}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
  return response.json();
}

/** What is masked of one feature, for a reason, until a time. */
export const unmask = (layer: string, id: string, reason: string) =>
  post<components['schemas']['Unmasked']>(
    `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}/unmask`,
    { reason },
  );

/** The matrix of rights in force. */
export const rights = () => request<RightsMatrix>('rights');

/** Makes another version of the matrix, in force at once. */
export const changeRights = (version: string, reason: string, changes: RightsChange[]) =>
  request<{ version: string }>('rights', {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version, reason, changes }),
  });

/** Why an account may do something, by the rules that decide it. */
export function whyRights(asked: Record<string, string>): Promise<RightsReason> {
  const given = Object.entries(asked).filter(([, value]) => value !== '');
  return request<RightsReason>(`rights/why?${new URLSearchParams(given)}`);
}

/** What is looked for in the audit log; an empty text for all. */
export interface AuditAsked {
  user: string;
  action: string;
  outcome: string;
  /** A word of what it is about. */
  object: string;
}

function auditQuery(asked: AuditAsked, more: Record<string, string>): string {
  const query = new URLSearchParams(more);
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value);
  return `audit?${query}`;
}

/** Rows of the audit log, the latest first; `before` continues where a page ended. */
export const audit = (asked: AuditAsked, before: number | null, signal?: AbortSignal) =>
  request<components['schemas']['AuditPage']>(
    auditQuery(asked, before === null ? { f: 'json' } : { f: 'json', before: String(before) }),
    withSignal(signal),
  );

/** Where the audit log is had as a table. */
export const auditTable = (asked: AuditAsked) => address(auditQuery(asked, { f: 'csv', limit: '10000' }));

/** Who did more than usual in a day, by the office's rules. */
export const auditAlarms = () => request<components['schemas']['AuditAlarms']>('audit/alarms');

/** Whether the audit log is whole. */
export const auditState = () => request<AuditState>('audit/state');

/** Archives of the log that lie beside the map. */
export const auditArchives = () => request<components['schemas']['AuditArchives']>('audit/archives');

/** Moves what is due into a new archive. */
export const archiveAudit = () => post<components['schemas']['AuditArchived']>('audit/archives', {});

/** Where an archive is had. */
export const auditArchive = (name: string) => address(`audit/archives/${encodeURIComponent(name)}`);

/** The base maps that the server offers; none is the rule. */
export const baseMaps = () => request<BaseMap[]>('basemaps');

/** Everything that lies at a point. `crs` names the system of a pasted coordinate, such as `gcj02`. */
export const lookup = (point: LonLat, crs?: string, signal?: AbortSignal) =>
  request<Lookup>(`lookup?point=${point.join(',')}${crs ? `&crs=${crs}` : ''}`, withSignal(signal));

/** One feature with all the fields that this viewer may see. */
export const item = (layer: string, id: string, signal?: AbortSignal) =>
  request<Item>(
    `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}?f=json`,
    withSignal(signal),
  );

export interface PageOf {
  limit: number;
  offset: number;
  bbox?: Bounds | undefined;
  /** Field name, with a leading `-` for the greatest first. */
  sortby?: string | undefined;
  /** Fields that must equal a value. */
  equal?: Record<string, string>;
  filter?: string | undefined;
  /** Fields to answer; all where none are named. */
  properties?: string[] | undefined;
}

/** One page of a layer's features. */
export function items(layer: string, page: PageOf, signal?: AbortSignal): Promise<ItemPage> {
  const query = new URLSearchParams({ f: 'json', limit: String(page.limit), offset: String(page.offset) });
  if (page.bbox) query.set('bbox', page.bbox.map((value) => value.toFixed(7)).join(','));
  if (page.sortby) query.set('sortby', page.sortby);
  if (page.properties) query.set('properties', page.properties.join(','));
  if (page.filter) query.set('filter', page.filter);
  for (const [field, value] of Object.entries(page.equal ?? {})) query.set(field, value);
  return request<ItemPage>(`collections/${encodeURIComponent(layer)}/items?${query}`, withSignal(signal));
}

/**
 * Finds features by code, address, name or pinyin, and people by name or the tail of a number; those near a
 * point first. `purpose` says why people are looked for, for the audit.
 */
export async function search(
  text: string,
  near: LonLat | undefined,
  signal?: AbortSignal,
  purpose?: string,
): Promise<SearchResult[]> {
  const query = new URLSearchParams({ q: text, limit: '20' });
  if (purpose) query.set('purpose', purpose);
  if (near) query.set('near', near.map((value) => value.toFixed(6)).join(','));
  const answer = await request<components['schemas']['SearchResults']>(`search?${query}`, withSignal(signal));
  return answer.results;
}
