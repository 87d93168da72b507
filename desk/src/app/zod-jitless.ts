/**
 * Imported before everything else: zod compiles validators with `new Function`, which our content security policy forbids.
 * zod would notice and fall back by itself, but the try alone is reported as a violation in everybody's console.
 */
(globalThis as { __zod_globalConfig?: { jitless?: boolean } }).__zod_globalConfig = { jitless: true };
