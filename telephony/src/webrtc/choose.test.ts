import { afterEach, beforeEach, expect, test } from 'vitest';
import { dgramDatagrams } from '../net/datagrams/dgram.js';
import { ownDatagrams } from '../net/datagrams/index.js';
import { createWebRtc } from './choose.js';
import { MuxPortError, type WebRtcOpener } from './contract.js';

const options = { bindAddress: '127.0.0.1', publicAddress: '127.0.0.1', now: () => performance.now() };
let port: number;
let open: WebRtcOpener[];
beforeEach(async () => {
  open = [];
  const socket = await dgramDatagrams.bind({ address: '127.0.0.1', port: 0 });
  port = socket.local.port;
  await new Promise<void>((resolve) => socket.close(resolve));
});
afterEach(async () => {
  for (const one of open) await one.close?.();
});

const create = async (wanted?: string, load?: () => never) => {
  const how = { wanted, datagrams: ownDatagrams().datagrams, ...(load === undefined ? {} : { load }) };
  const choice = await createWebRtc({ ...options, port }, how);
  open.push(choice.webrtc);
  return choice;
};

test('our own stack is taken where it is to be had', async () => {
  expect((await create()).because).toBeNull();
});

test('libdatachannel is taken when it is asked for', async () => {
  expect((await create('libdatachannel')).because).toBe('DENWABAN_WEBRTC is libdatachannel');
});

test('where OpenSSL is not to be had, libdatachannel is taken, and why is said', async () => {
  const missing = (): never => {
    throw new Error("Cannot find module 'koffi'\nRequire stack: …");
  };
  expect((await create(undefined, missing)).because).toBe("Cannot find module 'koffi'");
});

test.each([undefined, 'libdatachannel'])('with %s, a port in use is told at the start', async (wanted) => {
  const taken = await dgramDatagrams.bind({ address: '127.0.0.1', port });
  await expect(create(wanted)).rejects.toBeInstanceOf(MuxPortError);
  await new Promise<void>((resolve) => taken.close(resolve));
});
