/** Photos and documents of a feature. */
import { commit, versioned } from './changes';
import { address, request } from './client';

export interface Attachment {
  id: string;
  href: string;
  name: string | null;
  media_type: string | null;
  size_bytes: number | null;
  sha256: string | null;
  added_at: string | null;
}

const path = (layer: string, id: string) =>
  `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}/attachments`;

export const attachments = async (layer: string, id: string) =>
  (await request<{ attachments: Attachment[] }>(path(layer, id))).attachments;

/** Adds a file, which the server judges by its content. */
export const attach = (layer: string, id: string, file: File) =>
  request<Attachment>(`${path(layer, id)}?name=${encodeURIComponent(file.name)}`, {
    method: 'POST',
    headers: { 'content-type': file.type || 'application/octet-stream' },
    body: file,
  });

/** Takes an attachment from its feature. Its row stays in the history, and the file with it. */
export async function detach(attachment: Attachment, reason: string): Promise<void> {
  const { version } = await versioned('attachment', attachment.id);
  const key = `detach-${attachment.id}-${version}`;
  await commit([{ op: 'delete', layer: 'attachment', id: attachment.id, version }], reason, key);
}

/** Where the content is fetched from. */
export const attachmentAddress = (attachment: Attachment) => address(attachment.href);
