/** The screens and their addresses. What needs a session hangs under `signedIn`; heavy screens are loaded when opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { DeskPage } from '../agent/desk-page.js';
import { stopEarly } from '../agent/running-phone.js';
import { api, ApiError } from '../link/api.js';
import { Broken, NotFound } from './broken.js';
import { Frame } from './frame.js';
import { queries } from '../link/queries.js';
import { SignInPage } from './sign-in.js';
import { readFilter } from '../supervisor/conversation-filter.js';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Broken });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: (search: Record<string, unknown>): { ended?: boolean } => (search['ended'] ? { ended: true } : {}),
});

/** Without a session every address leads to the sign-in page. */
async function needSession() {
  try {
    return { me: await queries.ensureQueryData({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal) }) };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not-signed-in') throw redirect({ to: '/sign-in' });
    throw error;
  }
}

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Frame,
  async beforeLoad() {
    try {
      return await needSession();
    } catch (error) {
      stopEarly();
      throw error;
    }
  },
});

const desk = createRoute({ getParentRoute: () => signedIn, path: '/', component: DeskPage });

const conversations = createRoute({
  getParentRoute: () => signedIn,
  path: '/conversations',
  component: lazyRouteComponent(() => import('../supervisor/conversations-page.js'), 'ConversationsPage'),
  validateSearch: readFilter,
});
const conversation = createRoute({
  getParentRoute: () => signedIn,
  path: '/conversations/$id',
  component: lazyRouteComponent(() => import('../supervisor/conversation-page.js'), 'ConversationPage'),
});
const customers = createRoute({
  getParentRoute: () => signedIn,
  path: '/customers',
  component: lazyRouteComponent(() => import('../admin/customers-page.js'), 'CustomersPage'),
});
const importCustomers = createRoute({
  getParentRoute: () => signedIn,
  path: '/customers/import',
  component: lazyRouteComponent(() => import('../admin/import-page.js'), 'ImportPage'),
});

const system = createRoute({
  getParentRoute: () => signedIn,
  path: '/system',
  component: lazyRouteComponent(() => import('../admin/system-page.js'), 'SystemPage'),
});

/** The board stands outside of the frame: it has no phone, and runs in a process of its own. */
const board = createRoute({
  getParentRoute: () => root,
  path: '/board',
  component: lazyRouteComponent(() => import('../supervisor/board-page.js'), 'BoardPage'),
  beforeLoad: needSession,
});
const phone = createRoute({
  getParentRoute: () => root,
  path: '/phone',
  component: lazyRouteComponent(() => import('../phone/phone-page.js'), 'PhonePage'),
});

const routeTree = root.addChildren([
  signIn,
  board,
  phone,
  signedIn.addChildren([desk, conversations, conversation, customers, importCustomers, system]),
]);

export const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: false });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
