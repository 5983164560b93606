import type { Text } from './types';

/** Why a request failed, in the terms that the page can explain. */
export type FailureKind = 'offline' | 'unauthorized' | 'forbidden' | 'not_found' | 'invalid' | 'server';

/** One fault of what was sent: its field, row or place, and what to do. */
export interface Fault {
  field?: string;
  code?: string;
  message: string;
  /** Place in the change set, from 0. */
  change?: number;
  place?: [number, number];
}

/** The server's problem document (RFC 9457). */
export interface Problem {
  detail?: string;
  title?: string;
  errors?: Fault[];
  [member: string]: unknown;
}

/** A failed request: the server's problem document (RFC 9457), or no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly kind: FailureKind,
    /** HTTP status; 0 without an answer. */
    readonly status: number,
    /** The server's own words, Chinese and English in one line. */
    readonly detail: string,
    /** The whole document, where there is one. */
    readonly problem: Problem = {},
  ) {
    super(detail || `HTTP ${status}`);
    this.name = 'ApiError';
  }
}

/** The failure kind of an HTTP status. */
export function failureOf(status: number): FailureKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  return status >= 400 && status < 500 ? 'invalid' : 'server';
}

/** The absolute address of a path of the API, also where a proxy serves the page under a sub-path. */
export function address(path: string): string {
  return new URL(path.replace(/^\//, ''), new URL('.', document.baseURI)).href;
}

/** Whether an error only says that a newer request took its place. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Asks the API. Throws {@link ApiError}, or the `AbortError` of the given signal. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has('accept')) headers.set('accept', 'application/json, application/geo+json;q=0.9');
  let response: Response;
  try {
    response = await fetch(address(path), { ...init, headers });
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError('offline', 0, '');
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    const detail = String(problem.detail ?? problem.title ?? '');
    throw new ApiError(failureOf(response.status), response.status, detail, problem);
  }
  return response;
}

/** An answer with its headers. */
export interface Answer<T> {
  body: T;
  headers: Headers;
}

/** Asks the API for JSON. Throws as {@link send} does. */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  const response = await send(path, init);
  try {
    return { body: (await response.json()) as T, headers: response.headers };
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError('server', response.status, '');
  }
}

/** As {@link ask}, without the headers. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  return (await ask<T>(path, init)).body;
}

/** Posts JSON and reads JSON. */
export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem: unknown = await response.json();
    return typeof problem === 'object' && problem !== null ? (problem as Problem) : {};
  } catch {
    return {};
  }
}

/** The half of a message “中文 / English” that a reader of the language wants. */
export function half(message: string, language: keyof Text): string {
  const cut = message.split(' / ');
  if (cut.length !== 2) return message;
  return (language === 'zh' ? cut[0] : cut[1]) ?? message;
}
