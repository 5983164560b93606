/** Map sheets: which there are, their documents, and whether a print still holds. */
import { address, request, send } from './client';
import type { Bounds } from './types';

export const PAPERS = ['A4', 'A3', 'A2'] as const;
export type Paper = (typeof PAPERS)[number];

export interface Sheet {
  id: string;
  code: string;
  title: string;
  grid: { id: string; code: string; name: string } | null;
  houses: number;
  scale: number | null;
  paper: Paper | null;
  bbox: Bounds;
}

export interface SheetList {
  sequence: number;
  sheets: Sheet[];
  houses_on_none: number;
}

/** How a print stands: it shows the change of a number, and what changed of it since. */
export interface PrintStanding {
  status: 'latest' | 'outdated' | 'unknown';
  at: number;
  since?: string;
  changes: number;
  houses: number;
}

export type PrintedSheet = Sheet & { sequence: number; standing: PrintStanding };

/** All sheets. */
export const sheets = () => request<SheetList>('sheets');

/** A sheet, and how a print of it stands that shows the change of a number. */
export const printedSheet = (id: string, at: number, signal?: AbortSignal) =>
  request<PrintedSheet>(`sheets/${encodeURIComponent(id)}?at=${at}`, signal ? { signal } : {});

const documentPath = (id: string, paper: Paper | null) =>
  `sheets/${encodeURIComponent(id)}.pdf${paper ? `?paper=${paper}` : ''}`;

/** Where a sheet is had as PDF; on its layer's paper where none is named. */
export const sheetAddress = (id: string, paper: Paper | null) => address(documentPath(id, paper));

/** A sheet as PDF. */
export async function sheetDocument(
  id: string,
  paper: Paper | null,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await send(documentPath(id, paper), { signal, headers: { accept: 'application/pdf' } });
  return new Uint8Array(await response.arrayBuffer());
}
