/** A carrier that knows us by a host name reads it wherever we write ourselves: in calls out and in, within them, and in questions. */
import { describe, expect, test } from 'vitest';
import { missing } from '../peers/process.js';
import { carrierStage } from './carrier-stage.js';
import { called, calling, expects, maybe, mustSay, pause, reply } from './sipp-scenario.js';

const absent = missing('sipp');
const { answers, asks, invite } = called;
const contactHost = 'sbc.example.com';
const line = (request: string | undefined, name: string): string | undefined =>
  new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(request ?? '')?.[1];

describe.skipIf(absent)(`known by a name${absent ? ` (${absent})` : ''}`, () => {
  const on = carrierStage(21_500);
  const named = (context: string) => mustSay(`sip:denwaban@${contactHost}:[0-9]+;transport=udp`, 'Contact', context);

  test('[TRK19] in a call out: INVITE, the answer to a re-INVITE, and requests to the name reach the call', async () => {
    const steps = [
      ...[invite([named('first')]), answers(200, 'a', { sdp: true }), expects('ACK'), pause(300)],
      ...[asks('INVITE', 'a', 1, { sdp: true }), maybe(100), expects(200, [named('again')]), asks('ACK', 'a', 1)],
      ...[pause(300), asks('BYE', 'a', 2), expects(200)],
    ];
    const carrier = await on.carrier('named', steps);
    await on.open([on.trunk('tk_named', carrier.port, { callerId: '+81312345678' }, { contactHost })]);
    const call = await on.place('+81398765432');
    await call.event('leg.ended');
    await carrier.fine();
    expect(call.told()).toEqual(['answered', 'ended hung-up']);
    expect(line(carrier.heard('INVITE')[0], 'From')).toMatch(/^<sip:\+81312345678@sbc\.example\.com>;tag=/);
  });

  test.each([
    ['the name', contactHost, { contactHost }],
    ['without one our address', '127.0.0.1', {}],
  ])('[TRK19] in a call in: who is answered reads %s', async (_, host, more) => {
    const ours = mustSay(`sip:denwaban@${host}:`, 'Contact', 'ours');
    const asks1 = (method: string, said = {}) => calling.asks(method, 1, said, 'z9hG4bK-[pid]-[call_number]');
    const steps = [
      ...[asks1('INVITE', { sdp: true }), maybe(100), expects(180, [ours]), pause(700), asks1('CANCEL')],
      ...[expects(200), expects(487), asks1('ACK')],
    ];
    await on.open([on.trunk('tk_in', 9, {}, { inbound: { addresses: ['127.0.0.1'] }, ...more })]);
    on.exchange.listen((event) => {
      if (event.type === 'leg.arrived') on.exchange.carryOut({ type: 'ring', leg: event.leg });
    });
    const caller = await on.carrier('calls', steps, 1, [`127.0.0.1:${on.sipPort}`, '-s', '0312345678']);
    await caller.fine();
  });

  test('[TRK19] in a question whether it is there', async () => {
    const asked = expects('OPTIONS', [named('contact'), mustSay(`sip:denwaban@${contactHost}:`, 'From', 'from')]);
    const carrier = await on.carrier('asked', [asked, reply(200)]);
    await on.open([on.trunk('tk_named', carrier.port, {}, { contactHost, health: { intervalS: 30 } })]);
    await carrier.fine();
    expect(on.exchange.health().trunks[0]).toMatchObject({ status: 'up' });
  });
});
