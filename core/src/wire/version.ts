/** Raised when a desk of the previous version could no longer work with this server. */
export const liveProtocolVersion = 1;
