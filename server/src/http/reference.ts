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
      uiConfig: { url: '/api/v1/openapi.json', docExpansion: 'list', deepLinking: true, tryItOutEnabled: false },
      theme: { title: 'Denwaban API' },
    });
  });
}
