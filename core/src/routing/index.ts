/** Routing: who gets which conversation, and what happens when nobody can take it. Start at route.ts. Pure. */
export { type FloorAgent, type FloorIndex, indexFloor, type Routed, type RoutingDecision, whyNotFor } from './floor.js';
export { route, routingDeadline } from './route.js';
export { defaultRule, type RoutingRule, type RoutingStep } from './rule.js';
