/** How a state of presence looks: an icon of its own, a colour, never a colour alone. */
import {
  BookOpen,
  Circle,
  CircleDashed,
  CircleOff,
  Coffee,
  PhoneCall,
  PhoneIncoming,
  PhoneMissed,
  Presentation,
  SquarePen,
  UserRoundX,
  Utensils,
  type LucideIcon,
} from 'lucide-react';
import type { AwayReason, PresenceState, PresenceView } from '@denwaban/core/wire';

interface Look {
  icon: LucideIcon;
  /** White text on a full colour: the own status, chips. */
  strong: string;
  /** Dark text on a tint, with a bar at the left: tiles. */
  tint: string;
}

const looks: Record<PresenceState, Look> = {
  available: {
    icon: Circle,
    strong: 'bg-emerald-700 text-white',
    tint: 'border-emerald-600 bg-emerald-50 text-emerald-950',
  },
  offered: {
    icon: PhoneIncoming,
    strong: 'bg-violet-700 text-white',
    tint: 'border-violet-600 bg-violet-50 text-violet-950',
  },
  talking: { icon: PhoneCall, strong: 'bg-rose-600 text-white', tint: 'border-rose-600 bg-rose-50 text-rose-950' },
  'wrap-up': {
    icon: SquarePen,
    strong: 'bg-amber-700 text-white',
    tint: 'border-amber-600 bg-amber-50 text-amber-950',
  },
  connecting: {
    icon: CircleDashed,
    strong: 'bg-teal-700 text-white',
    tint: 'border-teal-600 bg-teal-50 text-teal-950',
  },
  away: { icon: UserRoundX, strong: 'bg-slate-600 text-white', tint: 'border-slate-500 bg-slate-100 text-slate-800' },
  offline: {
    icon: CircleOff,
    strong: 'bg-slate-500 text-white',
    tint: 'border-slate-300 bg-white text-slate-600',
  },
};

const pause = { strong: 'bg-sky-700 text-white', tint: 'border-sky-600 bg-sky-50 text-sky-950' };
const reasons: Record<AwayReason, Look> = {
  break: { icon: Coffee, ...pause },
  lunch: { icon: Utensils, ...pause },
  meeting: { ...looks.away, icon: Presentation },
  training: { ...looks.away, icon: BookOpen },
  'no-answer': {
    icon: PhoneMissed,
    strong: 'bg-orange-800 text-white',
    tint: 'border-orange-700 bg-orange-50 text-orange-950',
  },
  other: looks.away,
};

export const reasonIcon = (reason: AwayReason) => reasons[reason].icon;

export function stateLook(presence: Pick<PresenceView, 'state' | 'reason'>): Look {
  return presence.state === 'away' && presence.reason ? reasons[presence.reason] : looks[presence.state];
}
