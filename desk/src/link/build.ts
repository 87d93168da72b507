/** Which build this page is, and whether it is the demo: written into the page by the server that serves it. */
function meta(name: string): string {
  const content = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
  return /^%.*%$/.test(content) ? '' : content;
}

/** `development` when the page does not come from a Denwaban server. */
export const thisBuild = () => meta('denwaban-build') || 'development';
export const isDemo = () => /^(1|true|yes)$/.test(meta('denwaban-demo'));
export const thisVersion = (): string => import.meta.env.DESK_VERSION;
