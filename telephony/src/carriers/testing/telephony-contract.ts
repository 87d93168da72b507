/**
 * What every implementation of core's Telephony port must do, as tests. Each carrier and the simulation bring a rig that
 * plays the world outside: callers who ring in, agents' desks that hold a line.
 *
 *     telephonyContract('exchange', makeRig, { 'TEL21': 'why this carrier cannot' });
 */
import { describe } from 'vitest';
import { callerRules } from './contract/caller-rules.js';
import { lineRules } from './contract/line-rules.js';
import { restartRules } from './contract/restart-rules.js';
import { placedRules } from './contract/placed-rules.js';
import type { ContractRig } from './contract/rig.js';
import { contractStage } from './contract/stage.js';
import { talkRules } from './contract/talk-rules.js';

export type { ContractCallee, ContractCaller, ContractLine, ContractRig, Heard } from './contract/rig.js';

/** @param skips rule number → why this implementation cannot keep it */
export function telephonyContract(
  name: string,
  make: () => ContractRig | Promise<ContractRig>,
  skips: Readonly<Record<string, string>> = {},
): void {
  describe(`Telephony contract: ${name}`, () => {
    const on = contractStage(make, skips);
    callerRules(on);
    talkRules(on);
    lineRules(on);
    restartRules(on);
    placedRules(on);
  });
}
