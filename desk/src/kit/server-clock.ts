/** The server's clock, as far as we know it: running times are of its making. */
let skewMs = 0;
export const serverNow = () => Date.now() + skewMs;
export const setSkew = (ms: number) => void (skewMs = ms);
