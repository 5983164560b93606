import { ApiError, half } from '../api';
import type { Language } from '../language';
import type { Texts } from '../language/zh';

/** An error in plain words, with the server's own where it gave some. */
export function failureText(error: unknown, t: Texts, language: Language): string {
  if (!(error instanceof ApiError)) return t.state.server;
  const detail = half(error.detail, language);
  switch (error.kind) {
    case 'offline':
      return t.state.offlineShort;
    case 'unauthorized':
      return t.state.unauthorized;
    case 'forbidden':
      return t.state.forbidden;
    case 'not_found':
      return t.state.notFound;
    case 'invalid':
      return detail || t.state.invalid;
    case 'server':
      return detail ? `${t.state.server}（${detail}）` : t.state.server;
  }
}
