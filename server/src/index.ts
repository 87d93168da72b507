/** The service: what ties core to the phone, the store and the screens. */
export {};
