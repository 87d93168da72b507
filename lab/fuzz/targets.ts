/** Every edge that is fuzzed. */
import { mediaControl } from './media-control.js';
import { rtp } from './rtp.js';
import { sdp } from './sdp.js';
import { sipDialog, sipLongLife } from './sip-dialog.js';
import { sipMessage } from './sip-message.js';
import { sipStream } from './sip-stream.js';
import { anyTarget, type AnyTarget } from './target.js';
import { wireSchemas } from './wire.js';

export const makeTargets = (): AnyTarget[] => [
  anyTarget(sipMessage),
  anyTarget(sipStream),
  anyTarget(sipDialog),
  anyTarget(sipLongLife()),
  anyTarget(sdp),
  anyTarget(rtp),
  anyTarget(mediaControl),
  anyTarget(wireSchemas),
];
