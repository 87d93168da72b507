/** Every edge that is fuzzed. */
import { mediaControl } from './media-control.js';
import { rtp } from './rtp.js';
import { sctpCourse } from './sctp-course.js';
import { sctpChunks } from './sctp.js';
import { digest, secured } from './secured.js';
import { sdp } from './sdp.js';
import { sipDialog, sipLongLife } from './sip-dialog.js';
import { sipMessage } from './sip-message.js';
import { sipStream } from './sip-stream.js';
import { sockaddr } from './sockaddr.js';
import type { AnyTarget } from './target.js';
import { browserOffer, browserPort } from './webrtc.js';
import { wireSchemas } from './wire.js';

export const makeTargets = (): AnyTarget[] => [
  sipMessage,
  sipStream,
  sipDialog,
  sipLongLife(),
  sdp,
  rtp,
  secured,
  digest,
  sctpChunks,
  sctpCourse,
  mediaControl,
  sockaddr,
  browserPort,
  browserOffer,
  wireSchemas,
];
