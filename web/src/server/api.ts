// Talks to the server: addresses, JSON, errors in words, and whether it answers at all.

export class ApiError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

// The route itself does not exist: the server is one that never had it.
export class NoRoute extends Error {}
export class ServerGone extends Error {
  constructor() {
    super('The server does not answer');
  }
}

const readable = (message: string): string => {
  // Terracotta's own checks answer with a Python dict: {'stretch_range': ['Not a number.']}.
  const found = /^\{'(\w+)': \[?['"](.+?)['"]\]?\}$/.exec(message);
  return found ? `${found[1]}: ${found[2]}` : message;
};

// What a refused answer says, for people.
export async function refusal(response: Response): Promise<ApiError | NoRoute> {
  const text = await response.text().catch(() => '');
  try {
    const body: unknown = JSON.parse(text);
    if (body && typeof body === 'object' && 'message' in body) return new ApiError(readable(String(body.message)), response.status);
  } catch {
    // Not JSON: a page for browsers.
  }
  if (response.status === 404) return new NoRoute(`There is no ${new URL(response.url).pathname} here`);
  return new ApiError(`The server answered ${response.status}`, response.status);
}

export class Api {
  readonly root: string; // ends with a slash
  private readonly reachable: (answers: boolean) => void;

  // base: "" for the place the page came from, or "http://host:port".
  constructor(base: string, reachable: (answers: boolean) => void) {
    this.root = new URL(base ? `${base.replace(/\/+$/, '')}/` : '.', document.baseURI).href.replace(/[?#].*$/, '');
    this.reachable = reachable;
  }

  url(path: string, query: Record<string, string | number> = {}): string {
    const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
    return `${this.root}${path}${text ? `?${text}` : ''}`;
  }

  // Throws ApiError, NoRoute or ServerGone; an abort stays an AbortError.
  async fetch(url: string, signal?: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(url, { signal: signal ?? null });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      this.reachable(false);
      throw new ServerGone();
    }
    if (response.status === 502 || response.status === 504) {
      this.reachable(false);
      throw new ServerGone();
    }
    this.reachable(true);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async json<T>(path: string, query: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
    return (await this.fetch(this.url(path, query), signal)).json() as Promise<T>;
  }

  // For routes Terracotta does not have. From another origin their absence looks like a
  // server that does not answer, so that is asked apart.
  async optional<T>(path: string, query: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
    let response: Response;
    try {
      response = await fetch(this.url(path, query), { signal: signal ?? null });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      await this.json('keys', {}, signal);
      throw new NoRoute(path);
    }
    this.reachable(true);
    if (!response.ok) throw await refusal(response);
    return response.json() as Promise<T>;
  }
}

// {"api": ""} beside the page says where the server is; without it, here.
export async function apiBase(): Promise<string> {
  try {
    const response = await fetch(new URL('explorer.json', document.baseURI));
    const body: unknown = response.ok ? await response.json() : {};
    return body && typeof body === 'object' && 'api' in body ? String(body.api ?? '') : '';
  } catch {
    return '';
  }
}
