/** Files of others into layers: sent, checked, and written once the reader agrees. */
import { ApiError, address, failureOf, type Problem, request, send } from './client';
import type { components } from './schema';

export type ImportReport = components['schemas']['ImportReport'];

export type ImportCounts = components['schemas']['ImportCounts'];

export type ImportState = components['schemas']['ImportState'];

/** What a file does not say of itself; an empty text leaves it to the server to find out. */
export interface ImportWishes {
  layer: string;
  crs: string;
  encoding: string;
  id_column: string;
  /** Table of a GeoPackage, sheet of a workbook, file of an archive. */
  table: string;
  swap_axes: boolean;
  /** The field of a column; none where the column is left out. */
  fields: Record<string, string>;
  /** Values of every row, by field. */
  constants: Record<string, string>;
  /** Values of the file as codes, by field. */
  codes: Record<string, Record<string, string>>;
}

/** Sends files. `sent` is told how much of them has gone, from 0 to 1. */
export function beginImport(
  files: File[],
  wishes: ImportWishes,
  sent: (share: number) => void,
  signal: AbortSignal,
): Promise<ImportState> {
  const query = new URLSearchParams({ layer: wishes.layer });
  for (const name of ['crs', 'encoding', 'id_column', 'table'] as const)
    if (wishes[name]) query.set(name, wishes[name]);
  if (wishes.swap_axes) query.set('swap_axes', 'true');
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  // `fetch` cannot tell how much has been sent.
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open('POST', address(`import?${query}`));
    sending.responseType = 'json';
    sending.upload.onprogress = (event) => sent(event.lengthComputable ? event.loaded / event.total : 0);
    sending.onerror = () => reject(new ApiError('offline', 0, ''));
    sending.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    sending.onload = () => {
      if (sending.status < 300) return resolve(sending.response as ImportState);
      const problem = (sending.response ?? {}) as Problem;
      reject(new ApiError(failureOf(sending.status), sending.status, String(problem.detail ?? ''), problem));
    };
    signal.addEventListener('abort', () => sending.abort());
    sending.send(form);
  });
}

const path = (token: string) => `import/${encodeURIComponent(token)}`;

export const importState = (token: string) => request<ImportState>(path(token));

/** Checks again with other wishes, or writes. */
export const goOnWithImport = (
  token: string,
  wishes: Partial<ImportWishes> & { commit?: boolean; accept_partial?: boolean },
) =>
  request<ImportState>(path(token), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wishes),
  });

export const forgetImport = (token: string) => send(path(token), { method: 'DELETE' });

/** The formats that a selection can be taken away in. */
export const EXPORT_FORMATS = ['xlsx', 'csv', 'geojson', 'gpkg', 'shp', 'dxf', 'fgb'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Where a selection is fetched from as a file. */
export function exportAddress(
  layer: string,
  format: ExportFormat,
  selection: { ids?: string[]; bbox?: number[] | undefined; sortby?: string | undefined },
): string {
  const query = new URLSearchParams({ f: format });
  if (selection.ids) query.set('ids', selection.ids.join(','));
  if (selection.bbox) query.set('bbox', selection.bbox.map((value) => value.toFixed(7)).join(','));
  if (selection.sortby) query.set('sortby', selection.sortby);
  return address(`collections/${encodeURIComponent(layer)}/export?${query}`);
}
