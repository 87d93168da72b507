/** The reference page of the API at /api/docs: Swagger UI from our own server, nothing from elsewhere. */
import swaggerUi from '@fastify/swagger-ui';
import type { App } from './context.js';
import { referencePolicy } from './security.js';

export async function serveReference(app: App): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'reference' };
    });
    await scope.register(swaggerUi, {
      routePrefix: '/api/docs',
      staticCSP: referencePolicy,
      // without the bar that would fetch any address; the document is its own copy at /api/docs/json
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', deepLinking: true },
      theme: { title: 'Denwaban API' },
    });
  });
}
