/** Map sheets: which there are, their documents, and whether a print still holds. */
import { address, request, send } from './client';
import type { components } from './schema';

export const PAPERS = ['A4', 'A3', 'A2'] as const;
export type Paper = components['schemas']['Paper'];

export type Sheet = components['schemas']['Sheet'];

export type SheetList = components['schemas']['SheetList'];

/** How a print stands: it shows the change of a number, and what changed of it since. */
export type PrintStanding = components['schemas']['PrintStanding'];

export type PrintedSheet = components['schemas']['PrintedSheet'];

/** All sheets. */
export const sheets = () => request<SheetList>('sheets');

/** A sheet, and how a print of it stands that shows the change of a number. */
export const printedSheet = (id: string, at: number, signal?: AbortSignal) =>
  request<PrintedSheet>(`sheets/${encodeURIComponent(id)}?at=${at}`, signal ? { signal } : {});

const documentPath = (id: string, paper: Paper | null, residents = false) => {
  const asked = new URLSearchParams({
    ...(paper && { paper }),
    ...(residents && { residents: 'true' }),
  }).toString();
  return `sheets/${encodeURIComponent(id)}.pdf${asked && `?${asked}`}`;
};

/** Where a sheet is had as PDF, with who lives there where asked; on its layer's paper where none is named. */
export const sheetAddress = (id: string, paper: Paper | null, residents = false) =>
  address(documentPath(id, paper, residents));

/** A sheet as PDF. */
export async function sheetDocument(
  id: string,
  paper: Paper | null,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await send(documentPath(id, paper), { signal, headers: { accept: 'application/pdf' } });
  return new Uint8Array(await response.arrayBuffer());
}
