// One request to the server this page came from, and the one error that it may end in.

import { isPlayground } from "../playground/mode";
import type { components } from "./schema";

/** Has the server leave it to the dashboard to ask for the password, where the browser would. */
const FROM_PAGE = { "x-requested-with": "dashboard" };

type ErrorBody = components["schemas"]["Error"];

/** What the server refused, or that it was not reached. */
export class ApiError extends Error {
  constructor(
    /** The HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** The JSON pointer of the field at fault, or the name of a parameter; "" where it is no one thing. */
    readonly param = "",
  ) {
    super(message);
  }
}

/** The address of something the server has, wherever the dashboard is served. Screens are one
 *  segment below its root, so that the folder of any screen's address is that root. */
export function address(path: string): string {
  return new URL(path, new URL(".", document.baseURI)).href;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal: signal ?? null })).json() as Promise<T>;
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await send(path, { signal: signal ?? null })).text();
}

export async function getBytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await send(path, { signal: signal ?? null })).arrayBuffer();
}

export async function sendJson<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const request: RequestInit = { method, signal: signal ?? null };
  if (body !== undefined) {
    request.headers = { "content-type": "application/json" };
    request.body = JSON.stringify(body);
  }
  const answer = await send(path, request);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function send(path: string, request: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await (isPlayground ? answerHere(path, request) : ask(path, request));
  } catch (error) {
    if (request.signal?.aborted) {
      throw error;
    }
    throw new ApiError(0, "unreachable", isPlayground ? String(error) : "The server cannot be reached.");
  }
  if (!answer.ok) {
    throw await errorOf(answer);
  }
  return answer;
}

function ask(path: string, request: RequestInit): Promise<Response> {
  return fetch(address(path), { ...request, headers: { ...FROM_PAGE, ...request.headers } });
}

/** Without a server. */
async function answerHere(path: string, request: RequestInit): Promise<Response> {
  return (await import("../playground/answer")).answer(path, request);
}

async function errorOf(answer: Response): Promise<ApiError> {
  try {
    const { error } = (await answer.json()) as ErrorBody;
    return new ApiError(answer.status, error.code, error.message, error.param);
  } catch {
    // What stands between this page and the server may answer in its own words.
    return new ApiError(answer.status, "unknown", `The server answered ${answer.status} ${answer.statusText}.`);
  }
}
