/**
 * Where a page begins: with the phone when it was reloaded in a call, and then with everything else. Only what a phone needs is
 * loaded before it, for meanwhile a customer hears nobody.
 */
import './zod-jitless.js';
import { startEarly } from '../agent/running-phone.js';

/** These stand outside of the desk's frame. */
const withoutPhone = ['/sign-in', '/board', '/phone'];

if (!withoutPhone.includes(location.pathname)) startEarly();
void import('./main.js');
