/** Dialogs (RFC 3261 §12): who talks to whom, by which way, and in what order. Values only; nothing is sent from here. */
import { header, noBody, type SipHeader, type SipRequest, type SipResponse } from './message.js';
import { parseNameAddress, tagOf } from './name-address.js';
import type { Essentials } from './parse.js';
import { formatSipUri, parseSipUri } from './uri.js';
import { param } from './syntax.js';

export interface Dialog {
  callId: string;
  localUri: string;
  localTag: string;
  remoteUri: string;
  /** '' for a peer of RFC 2543 that sent none (§12.1.1). */
  remoteTag: string;
  remoteTarget: string;
  /** Route URIs, nearest first. */
  routeSet: string[];
  localCseq: number;
  /** Null until the far end sent a request in this dialog. */
  remoteCseq: number | null;
}

/**
 * The dialog that an INVITE opens towards us (§12.1.1).
 *
 * @param fallbackTarget used when the INVITE has no usable Contact: RFC 2543 peers may leave it out
 */
export function dialogAsServer(
  request: SipRequest,
  read: Essentials,
  localTag: string,
  localCseq: number,
  fallbackTarget: string,
): Dialog {
  return {
    callId: read.callId,
    localUri: read.to.uri,
    localTag,
    remoteUri: read.from.uri,
    remoteTag: tagOf(read.from) ?? '',
    remoteTarget: contactOf(request) ?? fallbackTarget,
    routeSet: routesOf(request),
    localCseq,
    remoteCseq: read.cseq.number,
  };
}

/** The dialog that an answer to our INVITE opens (§12.1.2); null when the answer has no To tag or no Contact. */
export function dialogAsClient(request: SipRequest, response: SipResponse, read: Essentials): Dialog | null {
  const remoteTag = tagOf(read.to);
  const remoteTarget = contactOf(response);
  if (remoteTag === null || remoteTarget === null || request.method !== 'INVITE') return null;
  return {
    callId: read.callId,
    localUri: read.from.uri,
    localTag: tagOf(read.from) ?? '',
    remoteUri: read.to.uri,
    remoteTag,
    remoteTarget,
    routeSet: routesOf(response).toReversed(),
    localCseq: read.cseq.number,
    remoteCseq: null,
  };
}

/** An answer without Contact, or without a tag, is against the rules; the phone that was picked up rings no less for that. */
export function dialogWithoutContact(request: SipRequest, read: Essentials): Dialog {
  return {
    callId: read.callId,
    localUri: read.from.uri,
    localTag: tagOf(read.from) ?? '',
    remoteUri: read.to.uri,
    remoteTag: tagOf(read.to) ?? '',
    remoteTarget: request.uri,
    routeSet: [],
    localCseq: read.cseq.number,
    remoteCseq: null,
  };
}

/**
 * Takes a request of the far end into account (§12.2.2): its number, and for INVITE and UPDATE its new Contact.
 *
 * @returns null when it is older than what we have seen: to be refused with 500
 */
export function receiveInDialog(dialog: Dialog, request: SipRequest, cseq: number): Dialog | null {
  if (dialog.remoteCseq !== null && cseq < dialog.remoteCseq) return null;
  const refreshes = request.method === 'INVITE' || request.method === 'UPDATE';
  const remoteTarget = (refreshes ? contactOf(request) : null) ?? dialog.remoteTarget;
  return changed(dialog, dialog.localCseq, cseq, remoteTarget);
}

/**
 * A request of ours within the dialog (§12.2.1.1), without Via. The number goes up by one.
 */
export function requestInDialog(
  dialog: Dialog,
  method: string,
  extra: readonly SipHeader[] = [],
  body: string = noBody,
): [Dialog, SipRequest] {
  const localCseq = dialog.localCseq + 1;
  return [
    changed(dialog, localCseq, dialog.remoteCseq, dialog.remoteTarget),
    numberedRequest(dialog, method, localCseq, extra, body),
  ];
}

/** The ACK of the 2xx to an INVITE of this number (§13.2.2.4), without Via. */
export const acknowledgement = (dialog: Dialog, cseq: number, extra: readonly SipHeader[]): SipRequest =>
  numberedRequest(dialog, 'ACK', cseq, extra, noBody);

function numberedRequest(
  dialog: Dialog,
  method: string,
  cseq: number,
  extra: readonly SipHeader[],
  body: string,
): SipRequest {
  let uri = dialog.remoteTarget;
  let routes = dialog.routeSet;
  const first = routes[0];
  if (first !== undefined && !isLoose(first)) {
    // A strict router of RFC 2543 expects its own address in the Request-URI and the target as last route (§12.2.1.1).
    uri = first;
    routes = [...routes.slice(1), dialog.remoteTarget];
  }
  const remoteTag = dialog.remoteTag === '' ? '' : `;tag=${dialog.remoteTag}`;
  const headers: SipHeader[] = [];
  for (const route of routes) headers.push({ name: 'route', value: `<${route}>` });
  headers.push(
    { name: 'max-forwards', value: '70' },
    { name: 'from', value: `<${dialog.localUri}>;tag=${dialog.localTag}` },
    { name: 'to', value: `<${dialog.remoteUri}>${remoteTag}` },
    { name: 'call-id', value: dialog.callId },
    { name: 'cseq', value: `${cseq} ${method}` },
  );
  for (const one of extra) headers.push(one);
  return { kind: 'request', method, uri: withoutHeaders(uri), headers, body };
}

/** The same dialog, further on. Written out: this is done for each request, and a spread costs several times as much. */
function changed(dialog: Dialog, localCseq: number, remoteCseq: number | null, remoteTarget: string): Dialog {
  const { callId, localUri, localTag, remoteUri, remoteTag, routeSet } = dialog;
  return { callId, localUri, localTag, remoteUri, remoteTag, remoteTarget, routeSet, localCseq, remoteCseq };
}

/** Headers that an address asks for (`?Subject=x`) have no place in a Request-URI (§19.1.1, §19.1.5). */
function withoutHeaders(uri: string): string {
  if (!uri.includes('?')) return uri;
  const parsed = parseSipUri(uri);
  return parsed === null || parsed.headers === null ? uri : formatSipUri({ ...parsed, headers: null });
}

/** The address that a request of ours goes to first: the nearest route, else the far end itself. */
export function nextHopOf(dialog: Dialog): string {
  return dialog.routeSet[0] ?? dialog.remoteTarget;
}

export function contactOf(message: SipRequest | SipResponse): string | null {
  const value = header(message, 'contact');
  if (value === null || value === '*') return null;
  const uri = parseNameAddress(value)?.uri ?? null;
  return uri !== null && parseSipUri(uri) !== null ? uri : null;
}

function routesOf(message: SipRequest | SipResponse): string[] {
  const routes: string[] = [];
  for (const { name, value } of message.headers) {
    const route = name === 'record-route' ? parseNameAddress(value) : null;
    if (route !== null) routes.push(route.uri);
  }
  return routes;
}

function isLoose(route: string): boolean {
  const uri = parseSipUri(route);
  return uri === null || param(uri.params, 'lr') !== null;
}
