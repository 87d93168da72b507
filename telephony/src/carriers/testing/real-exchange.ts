/** The exchange on real sockets: our SIP endpoint, a media process of its own, callers and desks made of plain code. */
import { epochMs, mintId, type PhoneEvent, type TrunkId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mediaProtocolVersion } from '../../media/protocol.js';
import type { RunningMedia } from '../../media/testing/media-process.js';
import { createSipEndpoint } from '../../net/sip-endpoint.js';
import type { TlsServer } from '../../net/tls.js';
import { createExchange } from '../exchange/exchange.js';
import { loopbackAddresses, type Trunk } from '../exchange/trunks.js';

export const now = () => epochMs(Date.now());

/**
 * @param sipPort where the exchange listens
 * @param options `started` false: it takes calls once `restore` was asked for. `calm`: whatever else the machine has to do, nobody
 *   is refused for its sake
 */
export async function realExchange(
  media: RunningMedia,
  sipPort: number,
  options: {
    started?: boolean;
    calm?: boolean;
    recordingsDir?: string;
    trunk?: Partial<Trunk>;
    /** In place of the one that takes calls from this machine. */
    trunks?: readonly Trunk[];
    host?: string;
    tls?: TlsServer;
  } = {},
) {
  const recordingsDir = options.recordingsDir ?? mkdtempSync(join(tmpdir(), 'denwaban-exchange-'));
  const complaints: string[] = [];
  const note = (data: object, message: string) => void complaints.push(`${message} ${JSON.stringify(data)}`);
  const log = { debug() {}, info() {}, warn: note, error: note };
  const exchange = createExchange({
    sip: (handlers) =>
      createSipEndpoint({
        host: options.host ?? '127.0.0.1',
        port: sipPort,
        publicAddress: options.host ?? '127.0.0.1',
        tls: options.tls ?? null,
        userAgent: null,
        handlers,
        log,
      }),
    media: options.calm === true ? Object.create(media.client, { processes: { value: [] } }) : media.client,
    trunks: options.trunks ?? [
      { id: 'tk_demo' as TrunkId, name: 'Demo', inbound: { addresses: loopbackAddresses }, ...options.trunk },
    ],
    recordingsDir,
    now,
    mintLeg: () => mintId('lg', now(), randomBytes(10)),
    log,
  });
  const events: PhoneEvent[] = [];
  exchange.listen((event) => events.push(event));
  if (options.started !== false) await exchange.start();
  const { restore } = exchange;
  // What a house does at its start: first what is left, then the sockets.
  exchange.restore = async (legs) => {
    const living = await restore(legs);
    await exchange.start();
    return living;
  };
  return {
    exchange,
    events,
    complaints,
    recordingsDir,
    target: { address: '127.0.0.1', port: sipPort },
    /** Ends it and fails when anything is left over anywhere. */
    async dispose() {
      await exchange.stop(1_000);
      const { legs } = await media.client.request({ type: 'hello', version: mediaProtocolVersion });
      rmSync(recordingsDir, { recursive: true, force: true });
      return { ...exchange.health(), mediaLegs: legs.length };
    },
  };
}
