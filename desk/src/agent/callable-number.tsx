import { showNumber } from '../words/index.js';
import { CallButton } from './call-button.js';

interface CallableNumberProps {
  number: string;
  customer?: { id: string; name: string } | null | undefined;
}

/** A telephone number as one reads it, and beside it the way to call it. */
export function CallableNumber({ number, customer }: CallableNumberProps) {
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span className="font-semibold">{showNumber(number)}</span>
      {/* Above a link that may cover the row. */}
      <CallButton number={number} customer={customer} className="relative z-1" />
    </span>
  );
}
