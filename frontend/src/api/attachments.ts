/** Photos and documents of features: `docs/attachments.md` is the contract. */
import { ApiError, address, failureOf, type Problem, request, send } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

/** One photo or document, as this reader may know it. */
export type Attachment = Schemas['Attachment'];
export type Attachments = Schemas['Attachments'];
export type AttachmentKind = Attachments['rules']['kinds'][number];

const path = (layer: string, id: string) =>
  `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}/attachments`;

/** What hangs on a feature. */
export const attachments = (layer: string, id: string, signal?: AbortSignal) =>
  request<Attachments>(path(layer, id), signal ? { signal } : {});

/**
 * Attaches a file. `sent` is told how much of it has gone, from 0 to 1. Sent again after an answer that never
 * came, it is there once.
 */
export function attach(
  layer: string,
  id: string,
  file: File,
  words: { kind: string; caption?: string },
  sent: (share: number) => void,
): Promise<Attachment> {
  const query = new URLSearchParams({ kind: words.kind, name: file.name });
  if (words.caption) query.set('caption', words.caption);
  // `fetch` cannot tell how much has been sent.
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open('POST', address(`${path(layer, id)}?${query}`));
    sending.setRequestHeader('content-type', 'application/octet-stream');
    sending.responseType = 'json';
    sending.upload.onprogress = (event) => sent(event.lengthComputable ? event.loaded / event.total : 0);
    sending.onerror = () => reject(new ApiError('offline', 0, ''));
    sending.onload = () => {
      if (sending.status < 300) return resolve(sending.response as Attachment);
      const problem = (sending.response ?? {}) as Problem;
      reject(new ApiError(failureOf(sending.status), sending.status, String(problem.detail ?? ''), problem));
    };
    sending.send(file);
  });
}

/** Removes an attachment for good: its hash stays in the log. */
export const detach = (layer: string, id: string, attachment: string) =>
  send(`${path(layer, id)}/${encodeURIComponent(attachment)}`, { method: 'DELETE' });

/** The address of a file that the server named. */
export const fileAddress = (href: string) => address(href);
