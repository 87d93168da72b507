/** The command `place`: by which trunks a number is called, and for which agent's line. */
import type { AgentId, EpochMs, LineId, PhoneCommand } from '@denwaban/core';
import type { MediaClient } from '../../media/contract.js';
import { canCallOut, type CallingOut } from './calling-out.js';
import type { Customers } from './customers.js';
import type { Log } from './log.js';
import type { OwnPlaces } from './media-place.js';
import { wishOf } from './sip-audio.js';
import { callBySip } from './sip-callee.js';
import { outboundOrder, type TrunkStatus } from './trunk-choice.js';
import type { TransferMeans } from './transfer.js';
import type { Trunk } from './trunk.js';
import type { TrunkRests } from './trunk-rest.js';

export interface PlacingOptions {
  media: Pick<MediaClient, 'request'>;
  calling: CallingOut;
  customers: Customers;
  trunks: readonly Trunk[];
  statusOf(trunk: Trunk): TrunkStatus;
  rests: TrunkRests;
  transferBy(trunk: Trunk | null): TransferMeans | null;
  /** The agent's line when audio can flow over it now. */
  lineOf(agent: AgentId): LineId | null;
  closeMedia(leg: string): void;
  own: OwnPlaces | null;
  publicAddress6: string | null;
  now(): EpochMs;
  log: Log;
}

type Place = Extract<PhoneCommand, { type: 'place' }>;

/** @returns carries the command out; `open` false: the house is shutting, and calls nobody */
export function createPlacing(options: PlacingOptions): (command: Place, open: boolean) => void {
  const { media, calling, customers, transferBy, rests, own, now, log } = options;
  const statusOf = (trunk: Trunk) => (rests.has(trunk.id) ? 'down' : options.statusOf(trunk));
  return ({ leg, to, trunk, agent }, open) => {
    if (customers.has(leg)) return log.debug({ leg }, 'exchange: called already');
    const callee = callBySip({
      ...{ leg, to, media, calling, rests, own, now, log },
      trunks: open ? outboundOrder(options.trunks, statusOf, trunk).filter(canCallOut) : [],
      wish: (by) => wishOf(by, { address: by.outbound.server.host }, options.publicAddress6),
      transfer: transferBy,
      near: options.lineOf(agent),
      closeMedia: () => options.closeMedia(leg),
    });
    callee.begin(customers.place(leg, agent, callee.far));
  };
}
