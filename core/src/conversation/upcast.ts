/** What older releases wrote, in today's words. Rows are never edited: they are lifted when they are read. */
import type { Conversation } from './conversation.js';
import type { ConversationEvent } from './events.js';

/** `conversation.started` v1 knew only customers who call. */
export function upcast(stored: Readonly<{ type: string; v: number; [fact: string]: unknown }>): ConversationEvent {
  if (stored.type === 'conversation.started' && stored.v === 1) {
    return { ...stored, v: 2, direction: 'inbound', by: null, agentLeg: null } as unknown as ConversationEvent;
  }
  return stored as unknown as ConversationEvent;
}

/** A record that was folded before there were calls out. */
export function upcastRecord(stored: Omit<Conversation, 'direction' | 'by'> & Partial<Conversation>): Conversation {
  return { direction: 'inbound', by: null, ...stored };
}
